"""What the value of a setting may be: the few words of JSON Schema that say it."""

import math
import re
from collections.abc import Mapping
from typing import Any


def described(form: Mapping[str, Any]) -> str:
    """Return in words what a form allows: `null or a number above 0`."""
    if "enum" in form:
        return f"one of {', '.join('null' if name is None else name for name in form['enum'])}"
    kind, *null = _types(form)
    return ("null or " if null else "") + _WORDS[kind](form)


def _numbers(form: Mapping[str, Any]) -> str:
    bounds = "".join(f" {word} {form[key]}" for key, word in _BOUNDS.items() if key in form)
    return f"a {'whole ' if 'integer' in _types(form) else ''}number{bounds}"


def _lists(form: Mapping[str, Any]) -> str:
    count = f"{form['minItems']} " if "maxItems" in form else ""
    return f"a list of {count}items, each {described(form['items'])}"


_BOUNDS = {
    "minimum": "from",
    "exclusiveMinimum": "above",
    "maximum": "to",
    "exclusiveMaximum": "below",
}
_WORDS = {
    "integer": _numbers,
    "number": _numbers,
    "array": _lists,
    "boolean": lambda form: "true or false",
    "string": lambda form: form["description"],
}


def _types(form: Mapping[str, Any]) -> list[str]:
    kinds = form.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def read(value: Any, form: Mapping[str, Any]) -> Any:
    """Return a value as its form has it: a number that arrives as text, as YAML's 1e-5, as one."""
    types = _types(form)
    if "array" in types and isinstance(value, list | tuple):
        return [read(item, form["items"]) for item in value]
    if isinstance(value, str) and {"number", "integer"} & {*types}:
        try:
            return int(value) if value.isdigit() else float(value)
        except ValueError:
            return value
    whole = "integer" in types and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def fits(value: Any, form: Mapping[str, Any]) -> bool:
    """Return whether a value is what a form allows."""
    if "enum" in form:
        return value in form["enum"]
    types = _types(form)
    match value:
        case None:
            return "null" in types
        case bool():
            return "boolean" in types
        case list():
            least, most = form.get("minItems", 0), form.get("maxItems", math.inf)
            counted = "array" in types and least <= len(value) <= most
            return counted and all(fits(item, form["items"]) for item in value)
        case str():
            return "string" in types and bool(re.fullmatch(form["pattern"], value))
        case int() | float():
            typed = "number" in types or ("integer" in types and isinstance(value, int))
            return typed and math.isfinite(value) and _within(value, form)
    return False


def _within(value: float, form: Mapping[str, Any]) -> bool:
    return form.get("minimum", value) <= value <= form.get("maximum", value) and form.get(
        "exclusiveMinimum", -math.inf
    ) < value < form.get("exclusiveMaximum", math.inf)
