"""A study: what a paper did, every setting with its origin, read from `studies/<name>/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stilts.errors import UserError, shown, unknown
from stilts.question.chain import chain_seed, parse_chain
from stilts.question.file_forms import STUDY, demand_form
from stilts.question.grid import read_axes
from stilts.question.recipe import AXES, check_name
from stilts.question.settings import (
    Layer,
    Setting,
    Settings,
    demand_block,
    read_layer,
    read_settings,
)
from stilts.question.study_file import PAPER, StudyFile, own_scores, read_study

NEEDED = ("title", "models", "settings", "protocols")
SEED = "seed"  # what a sweep may tie
WALKS = "intermediate_seeds"
KEYS = {*NEEDED, "cite", "claim", "grid", "grids", "sweeps", "scores", "sources", WALKS}
OF_SWEEPS = ("grid", "tie", WALKS, "square", "apart")


@dataclass(frozen=True)
class Sweep:
    """Chains crossed with targets.

    Attributes:
        models: those of the study that it is for; empty: all.
        grid: its own in place of the study's.
        tied: whether a target's seed is also that of the stages before it: `chain^seed`.
        walks: the seeds for each of which the stages are trained once: `chain^seed`.
        square: an axis of which a run takes one value only, so that with the seeds of the stages
            and those of the target it makes a Latin square.
        apart: whether its runs are no part of what is shown elsewhere, see `Inputs.of_parts`.
    """

    chains: tuple[str, ...]
    targets: tuple[str, ...]
    models: tuple[str, ...] = ()
    grid: Settings | None = None
    tied: bool = False
    walks: tuple[int, ...] = ()
    square: str = ""
    apart: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        """Return every (chain, target)."""
        return [(chain, target) for chain in self.chains for target in self.targets]


@dataclass(frozen=True)
class Study:
    """A paper's experiment under one of its protocols.

    Attributes:
        protocol, protocols: the one that is held, and all that the study has.
        grid: the values of each axis.
        grids: by model, in place of `grid`.
        sweeps: what is trained at the points of a grid.
        scores: chains and the tasks that their checkpoints are scored on as they are.
        layers: settings, those of the protocol last.
        walks: the seeds for each of which the stages of a chain are trained once, where a sweep
            says nothing else.
        place: where it stands.
    """

    place: StudyFile
    protocol: str
    protocols: tuple[str, ...]
    title: str
    cite: str
    claim: str
    models: tuple[str, ...]
    grid: Settings
    grids: Mapping[str, Settings]
    sweeps: Mapping[str, Sweep]
    scores: Mapping[str, Sweep]
    layers: tuple[Layer, ...]
    walks: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The study's name, which is part of paths."""
        return self.place.name

    @property
    def file(self) -> str:
        """Where the study stands, for error messages."""
        return str(self.place.path) if self.place.own else f"studies/{self.name}/study.yaml"

    def grid_of(self, sweep: Sweep, model: str) -> Settings:
        """Return the grid of a sweep for a model: the sweep's own, the model's, the study's."""
        if sweep.grid is not None:
            return sweep.grid
        return self.grids.get(model, self.grid)

    def every_grid(self) -> list[Settings]:
        """Return the grids of all sweeps and models."""
        sweeps = self.sweeps.values()
        return [
            self.grid_of(sweep, model) for sweep in sweeps for model in sweep.models or self.models
        ]

    def named(self, part: str) -> set[str]:
        """Return the names below a part of the layers, such as the `variants`."""
        return {place[1] for layer in self.layers for place in layer if place[0] == part}


def load_study(place: StudyFile, protocol: str) -> Study:
    """Read a study under a protocol; where it has no such one, as in the paper.

    Settings of the reader's own study need no origin: without one it is the `config`.

    Raises:
        UserError: an unknown key, a setting that does not fit or has no origin.
    """
    path, origin = place.path, "config" if place.own else None
    content = _read(place)
    demand_form(content, STUDY, str(path))
    protocols = content["protocols"]
    held = protocol if protocol in protocols else PAPER
    models = _names(content["models"], f"{path}, models")
    _demand_known(content["grids"], models, f"{path}, grids")

    def blocks(key: str, ends: str) -> dict[str, Sweep]:
        return {
            name: _sweep(block, models, f"{path}, {key}.{name}", ends, origin)
            for name, block in content[key].items()
        }

    sweeps = blocks("sweeps", "targets")
    if place.own and not content["scores"]:
        content["scores"] = own_scores(chain for sweep in sweeps.values() for chain in sweep.chains)
    return Study(
        place=place,
        protocol=held,
        protocols=tuple(protocols),
        title=content["title"],
        cite=content.get("cite", ""),
        claim=content.get("claim", ""),
        models=models,
        grid=_grid(content["grid"], f"{path}, grid", origin),
        grids={
            model: _grid(block, f"{path}, grids.{model}", origin)
            for model, block in content["grids"].items()
        },
        sweeps=sweeps,
        scores=blocks("scores", "tasks"),
        layers=(
            read_layer(content["settings"], f"{path}, settings", origin, tags=True),
            read_layer(protocols[held] or {}, f"{path}, protocols.{held}", origin, tags=True),
        ),
        walks=_walks(content, str(path), origin),
    )


def _read(place: StudyFile) -> dict[str, Any]:
    path, content = place.path, read_study(place)
    for key in content:
        if key not in KEYS:
            raise unknown("key", key, KEYS, str(path))
    # A study that only scores checkpoints has neither targets nor a grid for them.
    sweeps = ("sweeps",) if not content["scores"] else ()
    for key in (*NEEDED, *sweeps, *(("grid",) if content.get("sweeps") else ())):
        if key not in content:
            raise UserError(f"{path}: '{key}' is missing")
    content = {"grid": {}, "sweeps": {}, **content}
    for key in ("grids", "sweeps", "scores", "protocols"):
        demand_block(content[key], f"{path}, {key}")
    if PAPER not in content["protocols"]:
        raise UserError(f"{path}, protocols: '{PAPER}' is missing: what the text says")
    return content


def _grid(block: Any, where: str, origin: str | None) -> dict[str, Setting]:
    """Read a grid: each axis a setting whose value is a list."""
    read = read_settings(block, where, None, origin, tags=True)
    axes = read_axes({axis: setting.value for axis, setting in read.items()}, where)
    return {axis: read[axis]._replace(value=values) for axis, values in axes.items()}


def _sweep(block: Any, models: tuple[str, ...], where: str, ends: str, origin: str | None) -> Sweep:
    """Read a sweep, or what is scored: chains with `targets`, or with `tasks`."""
    known = {"chains", ends, "models", *(OF_SWEEPS if ends == "targets" else ())}
    if not isinstance(block, Mapping) or not {"chains", ends} <= set(block):
        raise UserError(f"{where}: give a block with 'chains' and '{ends}'")
    for key in block:
        if key not in known:
            raise unknown("key", key, known, where)
    chains, own = _names(block["chains"], f"{where}.chains"), block.get("models", [])
    _demand_known(own, models, f"{where}.models")
    if block.get("tie", SEED) != SEED:
        raise unknown("tie", block["tie"], [SEED], f"{where}.tie")
    if not isinstance(block.get("apart", False), bool):
        raise UserError(f"{where}.apart: expected true or false, found {shown(block['apart'])}")
    if "square" in block:
        check_name(block["square"], AXES, f"{where}.square")
    tied, walks = "tie" in block, _walks(block, where, origin)
    if tied and walks:
        raise UserError(f"{where}: '{WALKS}' and 'tie' both say the seeds of the stages: drop one")
    for chain in chains:
        parse_chain(chain)
        if tied and chain_seed(chain) is not None:
            raise UserError(f"{where}: chain '{chain}' has a seed, and 'tie' gives it another")
    return Sweep(
        chains,
        _names(block[ends], f"{where}.{ends}"),
        tuple(own),
        _grid(block["grid"], f"{where}.grid", origin) if "grid" in block else None,
        tied,
        walks,
        block.get("square", ""),
        block.get("apart", False),
    )


def _walks(block: Mapping[str, Any], where: str, origin: str | None) -> tuple[int, ...]:
    """Read the seeds of intermediate stages, a setting whose value is a list of seeds."""
    if WALKS not in block:
        return ()
    read = read_settings({WALKS: block[WALKS]}, where, None, origin, tags=True)[WALKS]
    return tuple(read_axes({SEED: read.value}, f"{where}.{WALKS}")[SEED])


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(it, str) for it in value):
        raise UserError(f"{where}: expected a list of names, found {shown(value)}")
    for name in value:
        if value.count(name) > 1:
            raise UserError(f"{where}: '{name}' stands there twice: name each once")
    return tuple(value)


def _demand_known(named: Any, models: tuple[str, ...], where: str) -> None:
    for model in named:
        if model not in models:
            raise unknown("model", model, models, where)
