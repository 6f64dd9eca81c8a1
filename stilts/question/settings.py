"""Settings with their origins, the layers that state them, and the one way to merge those."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stilts.errors import UserError, unknown
from stilts.question.recipe import (
    AXES,
    FIELDS,
    METRIC,
    NEW_HEADS,
    PASS_HEAD,
    POSED,
    PRECISION,
    SCORED,
    WATCH,
    check,
    check_name,
)

ORIGINS = ("stated", "code", "assumed")
ROLES = ("intermediates", "targets")
# Parts of a layer: settings as such, and settings by the name of what they are for.
PLAIN = ("all", *ROLES)
NAMED = ("tasks", "stages", "variants", "generators", "data")
OWN_TASKS = ("stages", "variants", "generators")  # of these, each may hold `tasks` of its own
# Fields of a task's block in the catalogue that say how its data are read; see the README there.
DATA = (
    *("source", "restricted", "text", "once", "first", "second", "options", "split"),
    *("label", "labels", "longest", "drop", "tidy", "sizes"),
)
_TRAINING = {**AXES, "precision": PRECISION, "metric": METRIC, "scored": SCORED}
_STAGES = {**_TRAINING, "watch": WATCH, "pass_head": PASS_HEAD, "new_heads": NEW_HEADS}

# Where settings stand in a layer: ("all",), ("tasks", "rte"), ("stages", "a~b", "tasks", "a").
Place = tuple[str, ...]


class Setting(NamedTuple):
    """A value and where it comes from.

    `origin` is `stated` in the paper, in its `code`, `assumed`, or the `scale`, the `config` or,
    for a seed written after `^`, the `chain`; `where` tells more, if there is more to tell.
    """

    value: Any
    origin: str
    where: str = ""


Settings = Mapping[str, Setting]
Layer = Mapping[Place, Settings]


def merge(layers: Iterable[Layer], places: Iterable[Place]) -> dict[str, Setting]:
    """Return the settings that hold: a later layer wins, within one a later place."""
    places = list(places)
    merged: dict[str, Setting] = {}
    for layer in layers:
        for place in places:
            merged |= layer.get(place, {})
    return merged


def values(settings: Settings) -> dict[str, Any]:
    """Return the values of settings, sorted by name."""
    return {name: setting.value for name, setting in sorted(settings.items())}


def read_layer(
    block: Mapping[str, Any], where: str, origin: str | None = None, *, tags: bool = False
) -> Layer:
    """Read a block of settings.

    Args:
        block: `all`, `intermediates`, `targets`: settings; `tasks`, `stages`, `variants`,
            `generators`: settings by name. A stage, variant or generator may hold `tasks` of its
            own. `data`: fields of a task's block in the catalogue, by task.
        where: the file and key, for error messages.
        origin: of plain values; None demands `{<origin>: value}` of each.
        tags: whether `{<origin>: value}` may stand for a value although plain ones have an origin.

    Raises:
        UserError: an unknown part or setting, a value that does not fit, or no origin.
    """
    layer = {}
    for place, settings in _places(block, where):
        here = f"{where}.{'.'.join(place)}"
        layer[place] = read_settings(settings, here, _known(place), origin, tags=tags)
        if place[0] == "data":
            for name in layer[place]:
                check_name(name, dict.fromkeys(DATA), here)
    return layer


def read_settings(
    block: Any,
    where: str,
    known: Mapping[str, Any] | None,
    origin: str | None = None,
    *,
    tags: bool = False,
) -> dict[str, Setting]:
    """Read settings as `read_layer` does; `known` None takes any name and value."""
    demand_block(block, where)
    read = {}
    for name, value in block.items():
        if known is not None:
            check_name(name, known, where)
        setting = _tagged(value) if tags or not origin else None
        if setting is None and not origin:
            tag = ", ".join(ORIGINS)
            raise UserError(f"{where}.{name}: write {{<origin>: value}} with an origin of {tag}")
        setting = setting or Setting(value, str(origin))
        if known is not None:
            setting = setting._replace(value=check(name, setting.value, f"{where}.{name}"))
        read[name] = setting
    return read


def _places(block: Any, where: str) -> Iterator[tuple[Place, Any]]:
    demand_block(block, where)
    for part, content in block.items():
        if part in PLAIN:
            yield (part,), content
        elif part in NAMED:
            demand_block(content, f"{where}.{part}")
            for name, settings in content.items():
                yield from _inner((part, name), settings, f"{where}.{part}.{name}")
        else:
            raise unknown("part", part, {*PLAIN, *NAMED}, where)


def _inner(place: Place, settings: Any, where: str) -> Iterator[tuple[Place, Any]]:
    if place[0] in OWN_TASKS and isinstance(settings, Mapping):
        settings = dict(settings)
        tasks = settings.pop("tasks", {})
        demand_block(tasks, f"{where}.tasks")
        for task, posed in tasks.items():
            yield (*place, "tasks", task), posed
    yield place, settings


def _known(place: Place) -> Mapping[str, Any] | None:
    if place[0] in ("generators", "data"):
        return None  # a generator, or the catalogue, says itself what a value may be
    if len(place) > 2:
        return {name: FIELDS[name] for name in POSED}
    return _STAGES if place[0] in ("intermediates", "stages", "variants") else _TRAINING


def _tagged(value: Any) -> Setting | None:
    """Return what `{<origin>: value, where: place}` says, None for another form."""
    tags = [tag for tag in value if tag != "where"] if isinstance(value, Mapping) else []
    if len(tags) == 1 and tags[0] in ORIGINS:
        return Setting(value[tags[0]], tags[0], value.get("where", ""))
    return None


def demand_block(value: Any, where: str) -> None:
    """Raise a `UserError` for what is no mapping."""
    if not isinstance(value, Mapping):
        raise UserError(f"{where}: expected a block, found {value!r}")
