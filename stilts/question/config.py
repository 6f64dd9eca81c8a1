"""The reader's config: numbers that arrive as text given back their type, and checked.

Snakemake reads the inside of `--config key={...}` with every scalar as text, and YAML 1.1 takes
1e-5, which readers type all the same, for text even in a file.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema

from stilts.errors import UserError, shown, unknown
from stilts.files.fingerprint import ROOT
from stilts.files.strict_yaml import read_yaml
from stilts.question.study_file import with_own_blocks

SCHEMA = "workflow/schemas/config.schema.yaml"
# Blocks that hold settings, where a number in quotes means nothing; elsewhere, as in the `labels`
# of a task, "1" may be a name. `*` stands for any key.
_PLACES = (
    ("mirror",),
    ("limits",),
    ("intermediate_seeds",),
    ("only", "grid"),
    ("settings",),
    ("models", "*", "pretrain"),
    ("models", "*", "size"),
    ("tasks", "*", "max_tokens"),
    ("tasks", "*", "range"),
    ("tasks", "*", "sizes"),
)
_WORDS = {"null": None, "true": True, "false": False}


def check_config(config: Mapping[str, Any], root: Path = ROOT) -> dict[str, Any]:
    """Return the config with its optional blocks filled, or raise a one-line `UserError`."""
    blocks = {key: {} for key in ("only", "limits", "models", "tasks", "settings")}
    given = {key: value for key, value in config.items() if not (key in blocks and value is None)}
    config = read_scalars({**blocks, "intermediate_seeds": None, **given})
    if config.get("mirror") == "":
        raise UserError(
            "config key 'mirror' is empty (an unset shell variable?): give a folder, or null for"
            " the hub"
        )
    hours_of(config.get("budget"))
    if isinstance(config.get("studies"), str):
        config["studies"] = [config["studies"]]
    schema = read_yaml(root / SCHEMA)
    # The file spells the settings for editors; `recipe` checks them, wherever they stand.
    schema["$defs"]["recipe"] = {"type": "object"}
    error = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(config)), None)
    if error is None:
        return with_own_blocks(config, root)
    key = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema["properties"]))[0]
        place = f"config key '{key}'" if key else "config"
        raise unknown("key", extra, error.schema["properties"], place)
    raise UserError(f"config{f' key {key!r}' if key else ''}: {error.message}")


def hours_of(budget: str | None) -> float | None:
    """Return a time such as `90m`, `2h` or `1.5d` in hours; None for None.

    Raises:
        UserError: it is none.
    """
    if budget is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", str(budget))
    if not found or not float(found[1]):
        raise UserError(
            f"config key 'budget': {shown(budget)} is no time: write one such as 90m, 2h or 1.5d"
        )
    return float(found[1]) * {"m": 1 / 60, "h": 1, "d": 24}[found[2]]


def read_scalars(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with the numbers, booleans and nulls of its settings blocks as such."""
    for place in _PLACES:
        config = _at(config, place)
    return dict(config)


def _at(value: Any, place: tuple[str, ...]) -> Any:
    if not place:
        return _read(value)
    if not isinstance(value, Mapping):
        return value  # the schema refuses it
    first, *rest = place
    keys = value if first == "*" else {first} & value.keys()
    return {**value, **{key: _at(value[key], tuple(rest)) for key in keys}}


def _read(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read(item) for item in value]
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        return number if math.isfinite(number) else value
    return _WORDS.get(value, value)
