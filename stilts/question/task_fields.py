"""The form of each field of a task's block, in the words of JSON Schema."""

from collections.abc import Mapping
from typing import Any

import jsonschema

from stilts.errors import UserError, shown, unknown
from stilts.tasks.sources.formats import FORMATS
from stilts.tasks.tidying import TIDYINGS

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_TEXTS = {"type": "array", "items": _TEXT}
_SHARE = {
    "type": "number",
    "exclusiveMinimum": 0,
    "exclusiveMaximum": 1,
    "description": "a share of the training rows, more than 0 and less than 1",
}
_PATHS = {
    "anyOf": [_TEXT, {**_TEXTS, "minItems": 1}],
    "description": "a path, or a list of paths",
}
_VALUES = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
    ],
    "description": "a value, or a list of values",
}


def _block(fields: Mapping[str, Any], *needed: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(needed),
        "additionalProperties": False,
        "description": "a block",
    }


def _by_name(form: Mapping[str, Any], what: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": form, "description": f"a block of {what}"}


FIELDS: dict[str, Any] = {
    "title": _TEXT,
    "kind": _TEXT,
    "text": _TEXT,
    "label": _TEXT,
    "once": _TEXT,
    "tidy": {"enum": list(TIDYINGS)},
    "metric": _TEXT,
    "restricted": _TEXT,
    "cite": _TEXT,
    "answers": _TEXT,
    "unanswerable": {"type": "boolean", "description": "true or false"},
    "source": _block(
        {
            "hub": _TEXT,
            "config": _TEXT,
            "revision": _TEXT,
            "splits": _by_name(_TEXT, "split: its name there"),
            "files": _by_name(_PATHS, "split: path"),
            "columns": _TEXTS,
            "format": {"enum": list(FORMATS)},
            "quoted": {"type": "boolean", "description": "true or false"},
            "divide": {
                "type": "object",
                "properties": {"seed": {**_COUNT, "description": "a whole number, 0 or more"}},
                "additionalProperties": _SHARE,
                "description": "a block of split: share",
            },
        }
    ),
    "derive": _block({"parent": _TEXT, "generator": _TEXT, "model": _TEXT}),
    "options": {"anyOf": [_TEXT, _TEXTS], "description": "a column, or a list of columns"},
    "split": _block(
        {
            "column": _TEXT,
            "at": {**_TEXT, "minLength": 1, "description": "the text to cut at"},
            "into": {**_TEXTS, "minItems": 2, "maxItems": 2, "description": "two column names"},
            "strip": _TEXTS,
        },
        *("column", "at", "into"),
    ),
    "drop": _by_name(_VALUES, "column: values"),
    "longest": _by_name({"type": "integer", "minimum": 1, "description": "a number of words"}, ""),
    "sizes": _by_name(_COUNT, "split: rows"),
}
_WORDS = {"string": "a text", "integer": "a whole number", "array": "a list of texts"}
_BLOCKS = {"source", "derive", "split", "drop", "longest", "sizes", "miniature"}


def check_form(block: Mapping[str, Any], place: str) -> None:
    """Refuse a field of another form than it must have.

    Args:
        block: of a task, its empty fields included.
        place: the file and the task, for the error.

    Raises:
        UserError: names the field, what it must be and what was found, in one line.
    """
    for name, value in block.items():
        if name in _BLOCKS and not isinstance(value, Mapping):
            raise UserError(f"{place}: '{name}' must be a block, found {shown(value)}")
        if name not in FIELDS or value in ({}, (), [], "", None):
            continue
        plain = list(value) if isinstance(value, tuple) else value
        for error in jsonschema.Draft202012Validator(FIELDS[name]).iter_errors(plain):
            raise _told(error, f"{place}: {'.'.join([name, *map(str, error.absolute_path)])}")


def _told(error: jsonschema.ValidationError, place: str) -> UserError:
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        return unknown("field", sorted(set(error.instance) - set(known))[0], known, place)
    if error.validator == "required":
        lacking = [name for name in error.validator_value if name not in error.instance]
        return UserError(f"{place}: '{lacking[0]}' is missing")
    if error.validator == "enum":
        return unknown("value", error.instance, error.validator_value, place)
    wanted = error.schema.get("description") or _WORDS[error.schema["type"]]
    return UserError(f"{place} must be {wanted}, found {shown(error.instance)}")
