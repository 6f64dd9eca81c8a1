"""From sweeps to cells and their points: models crossed with chains, targets and grids."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stilts.errors import UserError
from stilts.question.chain import NONE, chain_tasks, seeded
from stilts.question.grid import cross, read_axes
from stilts.question.scale import Scale
from stilts.question.settings import Setting, Settings
from stilts.question.study import SEED, Study, Sweep

# Settings of a cell's grid points by name, such as {"lr0.001_s42": {"lr": 0.001, "seed": 42}}.
Points = Mapping[str, Mapping[str, Any]]


class Cell(NamedTuple):
    """A model that walked a chain, and the target it is fine-tuned and scored on."""

    model: str
    chain: str
    target: str


def needs(cell: Cell) -> set[str]:
    """Return the tasks whose data a cell stands on."""
    return {cell.target, *chain_tasks(cell.chain)}


def cells_of(study: Study, scale: Scale, only: Mapping[str, Any]) -> dict[Cell, Points]:
    """Return the cells of a study's sweeps with their points; a cell of two sweeps has both's.

    Args:
        study: the paper's experiment.
        scale: how big the world is; its factor is in the points' learning rates.
        only: `models`, `chains` and `targets` to keep, and axes of a `grid` laid over every grid
            that has them, or, where none does, over all. A chain or target that the study lacks
            is crossed with the others on the study's own grid.

    Raises:
        UserError: an unknown axis, a value that does not fit, or a tied sweep without seeds.
    """
    laid = _Laid(study, scale, only.get("grid", {}))
    found: dict[Cell, Points] = {}
    for model in _models(study, only):
        for sweep, pairs in _sweeps(study, model, only):
            points = laid.points(study.grid_of(sweep, model))
            seeds = laid.by_seed(points) if sweep.tied else {}
            for chain, target in pairs:
                tied = {seeded(chain, seed): part for seed, part in seeds.items()}
                walked = {chain: points} if chain == NONE or not tied else tied
                for name, part in walked.items():
                    cell = Cell(model, name, target)
                    both = found.get(cell, part)
                    found[cell] = part if both is part else {**both, **part}
    return found


def _sweeps(
    study: Study, model: str, only: Mapping[str, Any]
) -> Iterator[tuple[Sweep, Iterable[tuple[str, str]]]]:
    for sweep in study.sweeps.values():
        if model in (sweep.models or study.models):
            yield sweep, _kept(sweep, only)
    if study.sweeps:  # without, a study has no grid to train others on
        yield Sweep((), ()), _added(study, only)


def scored_of(study: Study, only: Mapping[str, Any]) -> list[Cell]:
    """Return every (model, chain, task) whose checkpoint is scored without further training."""
    scored = [
        Cell(model, *pair)
        for model in _models(study, only)
        for block in study.scores.values()
        if model in (block.models or study.models)
        for pair in _kept(block, only)
    ]
    return list(dict.fromkeys(scored))


def _models(study: Study, only: Mapping[str, Any]) -> list[str]:
    return [model for model in study.models if model in only.get("models", study.models)]


def _kept(sweep: Sweep, only: Mapping[str, Any]) -> list[tuple[str, str]]:
    chains, targets = only.get("chains", sweep.chains), only.get("targets", sweep.targets)
    return [pair for pair in sweep.pairs() if pair[0] in chains and pair[1] in targets]


def _added(study: Study, only: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    pairs = dict.fromkeys(pair for sweep in study.sweeps.values() for pair in sweep.pairs())
    known_chains, known_targets = ({pair[side]: None for pair in pairs} for side in (0, 1))
    for chain in dict.fromkeys(only.get("chains", known_chains)):
        for target in dict.fromkeys(only.get("targets", known_targets)):
            if chain not in known_chains or target not in known_targets:
                yield chain, target


class _Laid:
    """The grids of a study at a scale, with the reader's axes laid over them."""

    def __init__(self, study: Study, scale: Scale, only: Mapping[str, Any]):
        self._study, self._scale = study, scale
        axes = read_axes(only, "config key 'only', grid")
        self._own = {axis: Setting(values, "config") for axis, values in axes.items()}
        self._new = self._own.keys() - set().union(*study.every_grid())
        self._known: dict[tuple[str, ...], Points] = {}

    def points(self, grid: Settings) -> Points:
        """Return the points of a grid; those of equal grids are one object."""
        laid = {
            axis: setting
            for axis, setting in self._own.items()
            if axis in grid or axis in self._new
        }
        fitted = self._scale.fit({**self._scale.fewer(grid), **laid})
        return self._once(cross({axis: setting.value for axis, setting in fitted.items()}))

    def by_seed(self, points: Points) -> dict[int, Points]:
        """Return points by their seed.

        Raises:
            UserError: they have none.
        """
        parts: dict[int, dict[str, Mapping[str, Any]]] = {}
        for name, values in points.items():
            if SEED not in values:
                raise UserError(
                    f"{self._study.file}: a sweep with 'tie: {SEED}' needs the axis '{SEED}' in"
                    " its grid"
                )
            parts.setdefault(values[SEED], {})[name] = values
        return {seed: self._once(part) for seed, part in parts.items()}

    def _once(self, points: Points) -> Points:
        return self._known.setdefault(tuple(points), points)
