"""A study: what a paper did, every setting with its origin, read from `studies/<name>/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from stilts.errors import UserError, unknown
from stilts.question.catalogue import read_yaml
from stilts.question.chain import parse_chain

ORIGINS = ("stated", "code", "assumed")
ROLES = ("intermediates", "targets")
KEYS = {
    "title",
    "cite",
    "claim",
    "models",
    "grid",
    "sweeps",
    "zero_shot",
    "settings",
    "protocols",
}
LAYERS = {"all", *ROLES, "tasks", "generators"}


class Setting(NamedTuple):
    """A value and where it comes from: `stated`, `code`, `assumed`, or the scale or config."""

    value: Any
    origin: str
    where: str = ""


@dataclass(frozen=True)
class Sweep:
    """Chains crossed with targets."""

    chains: tuple[str, ...]
    targets: tuple[str, ...]

    def cells(self) -> list[tuple[str, str]]:
        """Return every (chain, target)."""
        return [(chain, target) for chain in self.chains for target in self.targets]


@dataclass(frozen=True)
class Study:
    """A paper's experiment under one of its protocols."""

    name: str
    protocol: str
    title: str
    cite: str
    claim: str
    models: tuple[str, ...]
    grid: Mapping[str, Setting]
    sweeps: Mapping[str, Sweep]
    zero_shot: Mapping[str, Sweep]
    layers: tuple[Mapping[str, Any], ...]

    def recipe(self, task: str, role: str) -> dict[str, Setting]:
        """Return the training settings of a task as an intermediate or a target.

        Later layers win: settings of all, of the role, of the task; then the protocol's.
        """
        merged: dict[str, Setting] = {}
        for layer in self.layers:
            for part in (
                layer.get("all"),
                layer.get(role),
                layer.get("tasks", {}).get(task),
            ):
                merged |= part or {}
        return merged

    def setting_names(self) -> set[str]:
        """Return the names of all training settings: another name would change nothing."""
        names = {"max_tokens", *self.grid}
        for layer in self.layers:
            names = names.union(*(layer.get(part, {}) for part in ("all", *ROLES)))
            names = names.union(*layer.get("tasks", {}).values())
        return names

    def generator(self, name: str) -> dict[str, Setting]:
        """Return the settings of a generator of derived tasks."""
        merged: dict[str, Setting] = {}
        for layer in self.layers:
            merged |= layer.get("generators", {}).get(name, {})
        return merged


def load_study(folder: Path, protocol: str) -> Study:
    """Read `folder/study.yaml` under a protocol.

    Raises:
        UserError: an unknown study, protocol or key, or a setting without an origin.
    """
    path = folder / "study.yaml"
    if not path.is_file():
        known = sorted(found.parent.name for found in folder.parent.glob("*/study.yaml"))
        raise unknown("study", folder.name, known, "config key 'studies'")
    content = read_yaml(path)
    for key in content:
        if key not in KEYS:
            raise unknown("key", key, KEYS, str(path))
    for key in ("title", "models", "grid", "sweeps", "settings", "protocols"):
        if key not in content:
            raise UserError(f"{path}: '{key}' is missing")
    if protocol not in content["protocols"]:
        raise unknown("protocol", protocol, content["protocols"], "config key 'protocol'")
    return Study(
        name=folder.name,
        protocol=protocol,
        title=content["title"],
        cite=content.get("cite", ""),
        claim=content.get("claim", ""),
        models=tuple(content["models"]),
        grid=_settings(content["grid"], f"{path}, grid"),
        sweeps=_sweeps(content["sweeps"], f"{path}, sweeps"),
        zero_shot=_sweeps(content.get("zero_shot", {}), f"{path}, zero_shot"),
        layers=(
            read_layer(content["settings"], f"{path}, settings"),
            read_layer(content["protocols"][protocol] or {}, f"{path}, protocols.{protocol}"),
        ),
    )


def read_layer(block: Mapping[str, Any], where: str, origin: str | None = None) -> dict[str, Any]:
    """Read a block of settings by role, task and generator.

    Args:
        block: `all`, `intermediates`, `targets`: settings; `tasks`, `generators`: by name.
        where: the file and key, for error messages.
        origin: tag for plain values; None demands `{<origin>: value}` of each.

    Raises:
        UserError: an unknown part, or a setting without an origin.
    """
    layer: dict[str, Any] = {}
    for part, content in block.items():
        if part not in LAYERS:
            raise unknown("part", part, LAYERS, where)
        blocks = [content]
        if part in ("tasks", "generators") and isinstance(content, Mapping):
            blocks += content.values()
        if not all(isinstance(settings, Mapping) for settings in blocks):
            raise UserError(f"{where}.{part}: expected a block of settings, found {content!r}")
        if part in ("tasks", "generators"):
            layer[part] = {
                name: _settings(settings, f"{where}.{part}.{name}", origin)
                for name, settings in content.items()
            }
        else:
            layer[part] = _settings(content, f"{where}.{part}", origin)
    return layer


def _settings(
    block: Mapping[str, Any], where: str, origin: str | None = None
) -> dict[str, Setting]:
    if origin:
        return {key: Setting(value, origin) for key, value in block.items()}
    return {key: _setting(value, f"{where}.{key}") for key, value in block.items()}


def _setting(value: Any, where: str) -> Setting:
    if isinstance(value, Mapping):
        tags = [tag for tag in value if tag != "where"]
        if len(tags) == 1 and tags[0] in ORIGINS:
            return Setting(value[tags[0]], tags[0], value.get("where", ""))
    raise UserError(f"{where}: write {{<origin>: value}} with an origin of {', '.join(ORIGINS)}")


def _sweeps(block: Mapping[str, Any], where: str) -> dict[str, Sweep]:
    sweeps = {}
    for name, content in block.items():
        if set(content) != {"chains", "targets"}:
            raise UserError(f"{where}.{name}: give 'chains' and 'targets', nothing else")
        for chain in content["chains"]:
            parse_chain(chain)
        sweeps[name] = Sweep(tuple(content["chains"]), tuple(content["targets"]))
    return sweeps
