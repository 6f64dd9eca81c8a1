"""YAML files of people, read so that nothing in them goes unread: UTF-8, no key twice."""

from pathlib import Path
from typing import Any

import yaml

from stilts.errors import UserError

# libyaml's, where PyYAML was built with it: ten times as fast, and planning waits for it.
_Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """Refuses a mapping that names a key twice, of which YAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise UserError(
                    f"'{key.value}' stands in line {seen[key.value]} and in line {line}"
                )
            seen[key.value] = line
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        UserError: the file is missing, is no UTF-8 or no YAML, holds no mapping, or a key twice.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: restore it from the repository") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start}): convert it") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected a mapping of names to blocks")
    return content


def parse_yaml(text: str, place: str) -> Any:
    """Return what a YAML text holds.

    Raises:
        UserError: it is no YAML, or names a key twice; one line that starts with `place`.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a safe loader)
    except UserError as error:
        raise UserError(f"{place}: {error}: keep one") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise UserError(f"{place}: not valid YAML{line}: fix the syntax there") from None
