"""The list of settings as others read it: a definition for editors, and a table for people.

`python -m stilts.question.schema` writes both anew; a test compares them with `recipe`.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from stilts.files.fingerprint import ROOT
from stilts.question.config import SCHEMA
from stilts.question.forms import described
from stilts.question.recipe import (
    FIELDS,
    NEEDED,
    PASS_HEAD,
    PRECISION,
    SCORING,
    TRAINING,
    Field,
)

DOCS = "docs/settings.md"
COMMAND = "python -m stilts.question.schema"
_BELOW = f"  recipe: # written by {COMMAND}; `recipe.check` says the same in words\n"
_COLUMNS = ("setting", "in names", "what it may be", "default", "what it does")
_ABOVE, _END = f"<!-- written by {COMMAND} -->\n", "<!-- end -->\n"


def definition() -> dict[str, Any]:
    """Return the definition of a block of settings, in JSON Schema."""
    inner = {"type": "object", "additionalProperties": {"$ref": "#/$defs/recipe"}}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{name: _copied(field.form) for name, field in FIELDS.items()},
            "tasks": {**inner, "description": "of a stage or variant: what its tasks bring"},
        },
    }


def table() -> str:
    """Return the table of all settings, in Markdown."""
    parts = {"Training": (*TRAINING, PRECISION, PASS_HEAD), "Scoring": SCORING}
    lines = []
    for title, fields in parts.items():
        lines += [f"### {title}", "", f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
        lines += [*map(_row, fields), ""]
    return "\n".join(lines)


def write(root: Path = ROOT) -> None:
    """Write the definition into the schema of the config, and the table into the docs."""
    schema, docs = root / SCHEMA, root / DOCS
    text = yaml.safe_dump(definition(), sort_keys=False, default_flow_style=None, width=120)
    head = schema.read_text(encoding="utf-8").split("  recipe:")[0]
    below = "".join(f"    {line}\n" for line in text.splitlines())
    schema.write_text(head + _BELOW + below, encoding="utf-8")
    before, rest = docs.read_text(encoding="utf-8").split(_ABOVE)
    after = rest.split(_END)[1]
    docs.write_text(f"{before}{_ABOVE}\n{table()}\n{_END}{after}", encoding="utf-8")


def _copied(form: Any) -> Any:
    """Return a form with no part shared, so that YAML writes no anchors."""
    if isinstance(form, dict):
        return {key: _copied(value) for key, value in form.items()}
    return [*map(_copied, form)] if isinstance(form, list) else form


def _row(field: Field) -> str:
    default = "" if field.default is NEEDED else f"`{_yaml(field.default)}`"
    short = f"`{field.short}`" if field.short else ""
    may_be = described(field.form).replace("<", "&lt;")
    return f"| `{field.name}` | {short} | {may_be} | {default} | {field.meaning} |"


def _yaml(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True)
    return text.removesuffix("...\n").strip()


if __name__ == "__main__":
    sys.exit(write())
