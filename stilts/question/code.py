"""Which plug-ins a result depends on: a rule, and a key of the store, name those and no others."""

from collections.abc import Iterable, Mapping
from typing import Any

from stilts.files import plugins
from stilts.tasks.columns import KINDS

FAMILIES = "stilts.models.families"
HEADS = "stilts.models.heads"
METRICS = "stilts.tasks.metrics"
GENERATORS = "stilts.tasks.generators"
# What encoding and scoring take from a kind.
PARTS = ("pairs", "metrics", "head", "spans", "kept", "choices")


def plugins_of(
    tasks: Iterable[Mapping[str, Any]],
    family: str | None,
    heads: Mapping[str, str | None],
    select: str = "last",
) -> list[str]:
    """Return what a result uses of kinds, heads and metrics of tasks, and of the model's family.

    Args:
        tasks: facts: name, kind, labels or range.
        family: the model's `model_type`; None where it is not known yet: then all are named.
        heads: task -> the name of its head; None is that of its kind.
        select: the setting, which may name one more metric.
    """
    known = plugins.names(FAMILIES)
    wanted = known if family is None else {family.replace("-", "_")} & set(known)
    found = [f"{FAMILIES}.{name}" for name in sorted(wanted)]
    for task in tasks:
        kind = plugins.load(KINDS, task["kind"], "kind", f"task '{task['name']}'")
        parts = [part for part in PARTS if hasattr(kind, part)]
        found += [f"{KINDS}.{task['kind']}:{part}" for part in parts]
        found.append(f"{HEADS}.{heads.get(task['name']) or kind.head(task)}")
        found += [f"{METRICS}.{metric}:score" for metric in kind.metrics(task)]
    if select != "last":
        found.append(f"{METRICS}.{select.rpartition('.')[2]}:score")
    return list(dict.fromkeys(found))
