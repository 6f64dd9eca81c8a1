"""The form of whole files: of a study, its report, a scale, a recipe of pretraining.

In the words of JSON Schema. Settings, chains and grids are checked where they are read.
"""

from collections.abc import Mapping
from typing import Any

import jsonschema

from stilts.errors import UserError, shown, unknown
from stilts.files import plugins

TABLES, FIGURES = "stilts.evidence.tables", "stilts.evidence.figures"

_TEXT = {"type": "string", "description": "a text"}
_NAME = {"type": "string", "minLength": 1, "description": "a text that is not empty"}
_TEXTS = {"type": "array", "items": _TEXT, "description": "a list of texts"}
_BLOCK = {"type": "object", "description": "a block"}
_BLOCKS = {**_BLOCK, "additionalProperties": _BLOCK}
_COUNT = {"type": "integer", "minimum": 1, "description": "a whole number from 1"}
_SEED = {"type": "integer", "minimum": 0, "description": "a whole number from 0"}
_POSITIVE = {"type": "number", "exclusiveMinimum": 0, "description": "a number above 0"}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1, "description": "a number from 0 to 1"}


def _closed(fields: Mapping[str, Any], *needed: str) -> dict[str, Any]:
    return {
        **_BLOCK,
        "properties": dict(fields),
        "required": list(needed),
        "additionalProperties": False,
    }


STUDY = {
    **_BLOCK,
    "properties": {
        "title": _NAME,
        "cite": _TEXT,
        "claim": _TEXT,
        "sources": {**_BLOCK, "additionalProperties": _TEXTS},
        "protocols": {
            **_BLOCK,
            "minProperties": 1,
            "additionalProperties": {"type": ["object", "null"], "description": "a block"},
        },
    },
}
SCALE = {
    **_BLOCK,
    "properties": {
        "label": _TEXT,
        "miniature": _closed({"seed": _SEED, "sizes": _NAME}),
        "models": _BLOCKS,
    },
}
PRETRAIN = _closed(
    {
        "family": _NAME,
        "objective": {"enum": ["mlm", "clm"]},
        "corpus": _NAME,
        "tokenizer": _closed(
            {"path": _NAME, "train": _closed({"vocab_size": _COUNT, "words": _TEXTS})}
        ),
        "layout": {"enum": ["blocks", "texts"]},
        "pooler": {"type": "boolean", "description": "true or false"},
        "mask": _SHARE,
        "config": _BLOCK,
        "max_tokens": _COUNT,
        "steps": _COUNT,
        "batch": _COUNT,
        "lr": _POSITIVE,
        "warmup": _SHARE,
        "seed": _SEED,
    },
    *("family", "objective", "corpus", "tokenizer", "config", "max_tokens", "steps", "batch"),
    *("lr", "warmup", "seed"),
)
_SHOWN = {
    **_BLOCK,
    "properties": {
        "kind": _NAME,
        "title": _NAME,
        "caption": _TEXT,
        "printed": _TEXT,
        "predictions": {"type": "boolean", "description": "true or false"},
        "estimates": {"type": "boolean", "description": "true or false"},
        "epochs": {"type": "boolean", "description": "true or false"},
        "targets": _TEXTS,
        "chains": {
            "anyOf": [_TEXTS, _BLOCK],
            "description": "a list of chains, or a block of what is said of each",
        },
        "tasks": _TEXTS,
        "walks": _TEXTS,
        "intermediates": _TEXTS,
    },
    "required": ["kind", "title"],
}
REPORT = _closed(
    {
        "rows": {
            "type": "array",
            "description": "a list of {printed: {...}, ours: {...}}",
            "items": _closed({"printed": _BLOCK, "ours": _BLOCK}, "printed", "ours"),
        },
        "tables": {**_BLOCK, "additionalProperties": _SHOWN},
        "figures": {**_BLOCK, "additionalProperties": _SHOWN},
        "order": _TEXTS,
    },
    *("tables", "figures"),
)
# What a block may have whatever its kind; the rest is the kind's own, its `FIELDS`.
COMMON = {
    "tables": (
        *("kind", "title", "caption", "notes", "columns", "widths", "model", "models"),
        *("predictions", "estimates", "epochs"),
    ),
    "figures": (
        *("kind", "title", "caption", "model", "models"),
        *("predictions", "estimates", "epochs"),
    ),
}
_SIDE = _closed(
    {
        "chains": {**_TEXTS, "minItems": 1},
        "targets": {**_TEXTS, "minItems": 1},
        "scored": {"type": "boolean", "description": "true or false"},
    }
)
CLAIMS = {
    **_BLOCK,
    "additionalProperties": _closed(
        {
            "where": _NAME,
            "says": _NAME,
            "statistic": {"enum": ["mean", "best", "mean_less_best", "degenerate", "std", "score"]},
            "ours": _SIDE,
            "base": _SIDE,
            "models": {**_TEXTS, "minItems": 1},
            "over": {"enum": ["seeds", "targets", "examples", "models"]},
            "expects": {"enum": ["higher", "lower", "equal", "not_lower", "varies"]},
            "margin": _POSITIVE,
            "margin_from": _NAME,
            "refuted": _NAME,
        },
        *("where", "says", "statistic", "ours", "base", "over", "expects", "refuted"),
    ),
}


def demand_form(content: Any, form: Mapping[str, Any], place: str) -> None:
    """Refuse what is not of a form.

    Args:
        content: as YAML gives it.
        form: a schema of this module.
        place: the file, for the error.

    Raises:
        UserError: names the place of the first flaw, what must stand there and what was found.
    """
    errors = jsonschema.Draft202012Validator(form).iter_errors(content)
    first = min(errors, key=lambda error: [str(part) for part in error.absolute_path], default=None)
    if first is None:
        return
    path = ".".join(map(str, first.absolute_path))
    where = f"{place}, {path}" if path else place
    if first.validator == "additionalProperties":
        known = first.schema["properties"]
        raise unknown("key", sorted(map(str, set(first.instance) - set(known)))[0], known, where)
    if first.validator == "required":
        lacking = [name for name in first.validator_value if name not in first.instance]
        raise UserError(f"{where}: '{lacking[0]}' is missing")
    if first.validator == "enum":
        raise unknown("value", first.instance, first.validator_value, where)
    wanted = first.schema.get("description", "another value")
    raise UserError(f"{where} must be {wanted}, found {shown(first.instance)}")


def demand_report(content: Any, place: str) -> None:
    """Refuse a report not of its form, an unknown kind of table or figure, or a field it lacks.

    Raises:
        UserError: see `demand_form`.
    """
    demand_form(content, REPORT, place)
    shown = {**content["tables"], **content["figures"]}
    for name in content.get("order", ()):
        if name not in shown:
            raise unknown("table or figure", name, shown, f"{place}, order")
    for part, package in (("tables", TABLES), ("figures", FIGURES)):
        for name, block in content[part].items():
            kind, where = block["kind"], f"{place}, {part}.{name}"
            if kind not in plugins.names(package) or _fields(package, kind) is None:
                kinds = [
                    each for each in plugins.names(package) if _fields(package, each) is not None
                ]
                raise unknown("kind", kind, kinds, where)
            known = {*COMMON[part], *_fields(package, kind)}
            for field in block:
                if field not in known:
                    raise unknown("field", field, known, f"{where} (kind {kind})")


def _fields(package: str, kind: str) -> tuple[str, ...] | None:
    """Return what is a kind's own in a block; None of what is only the kinds' common code."""
    return plugins.stated(package, kind, "FIELDS")
