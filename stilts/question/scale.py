"""A scale: how big the world is. The same study serves every scale; see `scales/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from stilts.errors import unknown
from stilts.question.catalogue import read_yaml
from stilts.question.study import read_layer


@dataclass(frozen=True)
class Scale:
    """What stands in for the tasks and models of the catalogue, and how settings shrink.

    Attributes:
        name: the file's stem, and the folder below `results/`.
        label: one line stamped on every figure and table; empty where the data are real.
        miniature: `{seed, sizes: {task: {split: rows}}}`; empty where tasks are fetched.
        models: origin of each model that the scale replaces.
        lr_factor: multiplies every learning rate (small models want bigger steps).
        size_factor: multiplies every stage size, such as the 2000 of `hellaswag-p@2000`.
        layer: settings laid over the study's, plain values.
    """

    name: str
    label: str = ""
    miniature: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    lr_factor: float = 1.0
    size_factor: float = 1.0
    layer: Mapping[str, Any] = field(default_factory=dict)

    def learning_rate(self, lr: float) -> float:
        """Return a study's learning rate at this scale, rounded to 12 significant digits."""
        return float(f"{lr * self.lr_factor:.12g}")

    def size(self, size: int | None) -> int | None:
        """Return a study's stage size at this scale; None stays the whole task."""
        return None if size is None else max(1, round(size * self.size_factor))


def load_scale(folder: Path, name: str) -> Scale:
    """Read `folder/<name>.yaml`; `extends: other` starts from another scale's blocks.

    Raises:
        UserError: an unknown scale or key.
    """
    block = _read(folder, name)
    known = {item.name for item in fields(Scale)} - {"name", "layer"} | {"settings"}
    for key in block:
        if key not in known:
            raise unknown("key", key, known | {"extends"}, f"{folder / name}.yaml")
    layer = read_layer(block.pop("settings", {}), f"{folder / name}.yaml, settings", "scale")
    return Scale(name=name, layer=layer, **block)


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
