"""How fast trials are trained: as finished ones were, the most alike first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# Effective rates to assume where no stored trial tells: floating-point operations a second.
ASSUMED_RATE = {"cpu": 2e10, "cuda": 1e14}


class Spent(NamedTuple):
    """What finished trials have cost: seconds, and the operations that these were spent on."""

    seconds: float = 0
    flops: float = 0


class Rates:
    """Operations a second by model and target, by model, and of all.

    Rates differ much: operations are counted at the full length of every sequence, and small
    batches of a small model are slow.
    """

    def __init__(self, measured: Iterable[tuple[Mapping[str, Any], Spent]], device: str) -> None:
        """Add up what was measured.

        Args:
            measured: `spec` of a cell (its model and target), and what its trials have cost.
            device: the kind of it, such as `cpu` or `cuda:H100`.
        """
        self._found: dict[tuple[str, ...], Spent] = defaultdict(Spent)
        for spec, spent in measured:
            for key in _keys(spec["model"], spec["target"]):
                held = self._found[key]
                self._found[key] = Spent(held.seconds + spent.seconds, held.flops + spent.flops)
        self._assumed = ASSUMED_RATE[device.split(":")[0]]

    @property
    def overall(self) -> float | None:
        """Operations a second of all trials; None where none is finished."""
        return self._rate(())

    def of(self, model: str, target: str = "") -> float:
        """Return the rate of the trials most like those of a model and a target."""
        known = (self._rate(key) for key in _keys(model, target))
        return next((rate for rate in known if rate), self._assumed)

    def _rate(self, key: tuple[str, ...]) -> float | None:
        spent = self._found.get(key, Spent())
        return spent.flops / spent.seconds if spent.seconds and spent.flops else None


def _keys(model: str, target: str) -> tuple[tuple[str, ...], ...]:
    return (model, target), (model,), ()
