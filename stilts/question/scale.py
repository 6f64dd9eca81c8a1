"""A scale: how big the world is. The same study serves every scale; see `scales/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stilts.errors import UserError, unknown
from stilts.files.strict_yaml import read_yaml
from stilts.question.file_forms import SCALE, demand_form
from stilts.question.miniature import APART
from stilts.question.settings import Layer, Setting, Settings, demand_block, read_layer

SEED = "seed"  # the axis of a grid that a scale may shorten
# What a scale says of all studies, and may say otherwise of one.
OF_A_STUDY = {"lr_factor", "size_factor", "seeds", "settings"}
KEYS = {"label", "miniature", "models", "studies", *OF_A_STUDY}


@dataclass(frozen=True)
class Scale:
    """What stands in for the tasks and models of the catalogue, and how settings shrink.

    Attributes:
        name: the file's stem, and the folder below `results/`.
        label: one line stamped on every figure and table; empty where the data are real.
        miniature: `{seed, sizes}`, the name of the sizes that tasks state for it; empty where
            tasks are fetched.
        models: origin of each model that the scale replaces.
        lr_factor: multiplies a study's learning rates (small models want bigger steps).
        size_factor: multiplies every stage size, such as the 2000 of `hellaswag-p@2000`.
        seeds: how many seeds of a study's grid are taken at most, the first ones; None takes all.
        layers: settings laid over the study's, plain values.
        studies: `lr_factor`, `size_factor`, `seeds` and `layers` of one study, by its name.
    """

    name: str
    label: str = ""
    miniature: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    lr_factor: float = 1.0
    size_factor: float = 1.0
    seeds: int | None = None
    layers: tuple[Layer, ...] = ()
    studies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_study(self, study: str) -> "Scale":
        """Return the scale as it is for one study."""
        own = self.studies.get(study, {})
        return replace(self, **{**own, "layers": (*self.layers, *own.get("layers", ()))})

    def in_world(self, facts: str) -> "Scale":
        """Return the scale with a label that tells of a world other than the default one.

        Args:
            facts: of what Synthesis speaks in the miniature, see `stilts.question.miniature`.

        Raises:
            UserError: another world at a scale that has none of its own.
        """
        if facts == APART:
            return self
        if not self.miniature:
            raise UserError(
                f"config key 'facts': {facts!r} is a choice of the miniature, and scale "
                f"'{self.name}' takes real data: leave it at '{APART}' or take scale mini"
            )
        return replace(self, label=f"{self.label}; facts {facts}: Synthesis tells of the targets'")

    def fit(self, settings: Settings) -> dict[str, Setting]:
        """Return a study's settings, or the axes of its grid, with learning rates of this scale."""
        fitted = dict(settings)
        if "lr" in settings:
            lr = settings["lr"].value
            rates = [*map(self._rate, lr)] if isinstance(lr, list) else self._rate(lr)
            fitted["lr"] = settings["lr"]._replace(value=rates)
        return fitted

    def fewer(self, grid: Settings) -> dict[str, Setting]:
        """Return the axes of a study's own grid with as many seeds as this scale takes."""
        if SEED not in grid:
            return dict(grid)
        return {**grid, SEED: grid[SEED]._replace(value=grid[SEED].value[: self.seeds])}

    def _rate(self, lr: float) -> float:
        return float(f"{lr * self.lr_factor:.12g}")  # 1e-05, and not 1.0000000000000001e-05

    def size(self, size: int | None) -> int | None:
        """Return a study's stage size at this scale; None stays the whole task."""
        return None if size is None else max(1, round(size * self.size_factor))


def load_scale(folder: Path, name: str) -> Scale:
    """Read `folder/<name>.yaml`; `extends: other` starts from another scale's blocks.

    Raises:
        UserError: an unknown scale, key or setting.
    """
    where = f"{folder / name}.yaml"
    block = _with_layers(_read(folder, name), where, KEYS, {*KEYS, "extends"})
    demand_form(block, SCALE, where)
    studies = block.pop("studies", {})
    demand_block(studies, f"{where}, studies")
    own = {
        study: _with_layers(said, f"{where}, studies.{study}", OF_A_STUDY, OF_A_STUDY)
        for study, said in studies.items()
    }
    return Scale(name=name, studies=own, **block)


def _with_layers(
    block: Mapping[str, Any], where: str, known: set[str], listed: set[str]
) -> dict[str, Any]:
    demand_block(block, where)
    for key in block:
        if key not in known:
            raise unknown("key", key, listed, where)
    seeds = block.get("seeds", 1)
    if not isinstance(seeds, int) or isinstance(seeds, bool) or seeds < 1:
        raise UserError(f"{where}: seeds is {seeds!r}, which is not a whole number from 1")
    for key in ("lr_factor", "size_factor"):
        if not isinstance(block.get(key, 1), int | float) or block.get(key, 1) <= 0:
            raise UserError(f"{where}: {key} is {block[key]!r}, which is not a number above 0")
    read = {key: value for key, value in block.items() if key != "settings"}
    if "settings" in block:
        read["layers"] = (read_layer(block["settings"], f"{where}, settings", "scale"),)
    return read


def _read(folder: Path, name: str) -> dict[str, Any]:
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = [found.stem for found in folder.glob("*.yaml")]
        raise unknown("scale", name, known, "config key 'scale'")
    block = read_yaml(path)
    base = block.pop("extends", None)
    return _merge(_read(folder, base), block) if base else block


def _merge(base: Any, top: Any) -> Any:
    if isinstance(base, Mapping) and isinstance(top, Mapping):
        shared = {key: _merge(base[key], top[key]) for key in base.keys() & top.keys()}
        return {**base, **top, **shared}
    return top
