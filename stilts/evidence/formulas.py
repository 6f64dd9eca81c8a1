"""The formulas of metrics; `stilts.tasks.scoring` would bring the libraries of training along."""

from types import ModuleType

from stilts.files import plugins


def formula(name: str) -> ModuleType:
    """Return a metric's module.

    Raises:
        UserError: there is no such metric.
    """
    return plugins.load("stilts.tasks.metrics", name, "metric", "a table or figure")
