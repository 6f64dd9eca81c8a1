"""From sweeps to cells and their points: models crossed with chains, targets and grids."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stilts.errors import UserError
from stilts.question.chain import NONE, chain_seed, chain_tasks, seeded
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


class Asked(NamedTuple):
    """What a study trains: cells with their points.

    Attributes:
        points: of every cell; one of two sweeps has both's.
        apart: sweep -> its cells with their points, of sweeps that are shown by themselves.
        shown: the cells of all other sweeps with theirs.
    """

    points: dict[Cell, Points]
    apart: dict[str, dict[Cell, Points]]
    shown: dict[Cell, Points]

    def without(self, tasks: Collection[str]) -> "Asked":
        """Return what is left where the data of some tasks are not there."""

        def left(cells: Mapping[Cell, Points]) -> dict[Cell, Points]:
            return {cell: some for cell, some in cells.items() if not needs(cell) & set(tasks)}

        apart = {name: left(cells) for name, cells in self.apart.items()}
        return Asked(left(self.points), apart, left(self.shown))


def cells_of(
    study: Study, scale: Scale, only: Mapping[str, Any], walks: Sequence[int] = ()
) -> Asked:
    """Return the cells of a study's sweeps with their points.

    Args:
        study: the paper's experiment.
        scale: how big the world is; its factor is in the points' learning rates.
        only: `models`, `chains`, `targets` and `sweeps` to keep, and axes of a `grid` laid over
            every grid that has them, or, where none does, over all. A chain or target that the
            study lacks is crossed with the others on the study's own grid. Where chains, targets or
            a grid are given, sweeps that stand apart are left out unless they are named.
        walks: the reader's seeds of intermediate stages, in place of what sweeps say of them.

    Raises:
        UserError: an unknown axis, a value that does not fit, or a tied sweep without seeds.
    """
    laid = _Laid(study, scale, only.get("grid", {}))
    apart = {name: {} for name, sweep in study.sweeps.items() if sweep.apart}
    asked = Asked({}, apart, {})
    for model in _models(study, only):
        for sweep, name, pairs in _sweeps(study, model, only):
            points = laid.points(study.grid_of(sweep, model))
            own = asked.apart[name] if sweep.apart else asked.shown
            for chain, target in pairs:
                for walked, part in _walked(laid, sweep, chain, points, walks or study.walks):
                    for found in (asked.points, own):
                        _add(found, Cell(model, walked, target), part)
    return asked


def _add(found: dict[Cell, Points], cell: Cell, part: Points) -> None:
    both = found.get(cell, part)
    found[cell] = part if both is part else {**both, **part}


def _walked(
    laid: "_Laid", sweep: Sweep, chain: str, points: Points, walks: Sequence[int]
) -> Iterator[tuple[str, Points]]:
    """Yield a chain as it is walked, once for each seed of its stages, with the points of it."""
    bare = chain == NONE or chain_seed(chain) is not None
    seeds = () if bare else sweep.walks or walks
    if sweep.tied and not bare and not walks:
        yield from ((seeded(chain, seed), part) for seed, part in laid.by_seed(points).items())
    elif seeds:
        for place, seed in enumerate(seeds):
            yield seeded(chain, seed), laid.of_square(points, sweep.square, place)
    else:
        yield chain, laid.of_square(points, sweep.square)


def _sweeps(
    study: Study, model: str, only: Mapping[str, Any]
) -> Iterator[tuple[Sweep, str, Iterable[tuple[str, str]]]]:
    for name, sweep in study.sweeps.items():
        if model in (sweep.models or study.models) and _is_asked(name, sweep, only):
            yield sweep, name, _kept(sweep, only)
    if study.sweeps:  # without, a study has no grid to train others on
        yield Sweep((), ()), "", _added(study, only)


def _is_asked(name: str, sweep: Sweep, only: Mapping[str, Any]) -> bool:
    """Return whether a sweep is asked; one that stands apart is where nothing is narrowed."""
    narrowed = sweep.apart and bool(only.keys() & {"chains", "targets", "grid"})
    return name in only["sweeps"] if "sweeps" in only else not narrowed


def scored_of(study: Study, only: Mapping[str, Any], walks: Sequence[int] = ()) -> list[Cell]:
    """Return every (model, chain, task) whose checkpoint is scored without further training.

    Where the reader asks for some sweeps alone, nothing is scored besides.
    """
    if "sweeps" in only:
        return []
    scored = [
        Cell(model, walked, task)
        for model in _models(study, only)
        for block in study.scores.values()
        if model in (block.models or study.models)
        for chain, task in _kept(block, only)
        for walked in _seeded(chain, walks or study.walks)
    ]
    return list(dict.fromkeys(scored))


def _seeded(chain: str, walks: Sequence[int]) -> list[str]:
    if not walks or chain == NONE or chain_seed(chain) is not None:
        return [chain]
    return [seeded(chain, seed) for seed in walks]


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

    def of_square(self, points: Points, axis: str, row: int = 0) -> Points:
        """Return the points of a row of a Latin square of an axis, its columns the seeds.

        Without an axis all points are taken. Over as many rows as the axis has values each seed,
        and each row, meets every value once.
        """
        if not axis or not points or axis not in next(iter(points.values())):
            return points
        values, seeds = (
            list(dict.fromkeys(point[name] for point in points.values())) for name in (axis, SEED)
        )
        kept = {
            name: point
            for name, point in points.items()
            if (seeds.index(point[SEED]) + row) % len(values) == values.index(point[axis])
        }
        return self._once(kept)

    def _once(self, points: Points) -> Points:
        return self._known.setdefault(tuple(points), points)
