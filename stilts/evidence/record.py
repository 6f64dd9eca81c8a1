"""Ways into the recorded question: settings at a path, and what its stages really saw."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def values(record: Any, path: str) -> list[Any]:
    """Return every value at a dotted path, in the record's order; equal ones stand once.

    Args:
        record: nested mappings and lists.
        path: keys, positions in lists (from the end: `-1`) or `*` for all, joined by dots, such as
            `chains.*.stages.0.settings.lr`. A key may hold dots itself.

    Returns:
        Settings without their origins, lists item by item; nothing where the path leads nowhere.
    """
    found: list[list[Any]] = []
    for end in _ends(record, path):
        items = list(end) if _is_list(end) else [end]
        found += [items] if items not in found else []
    return [item for items in found for item in items]


def _ends(node: Any, path: str) -> Iterator[Any]:
    for cut in (*(dot.start() for dot in re.finditer(r"\.", path)), len(path)):
        for child in _children(node, path[:cut]):
            if cut == len(path):
                yield _untagged(child)
            else:
                yield from _ends(child, path[cut + 1 :])


def _children(node: Any, key: str) -> list[Any]:
    """Return what a key, a position or `*` leads to: one child, all, or none."""
    if isinstance(node, Mapping):
        return list(node.values()) if key == "*" else [node[key]] if key in node else []
    if _is_list(node) and key == "*":
        return list(node)
    if _is_list(node) and re.fullmatch(r"-?\d+", key):
        return list(node[int(key) : int(key) + 1 or None])
    return []


def _is_list(node: Any) -> bool:
    return isinstance(node, Sequence) and not isinstance(node, str)


def _untagged(node: Any) -> Any:
    """Return a setting's value without its origin; anything else as it is."""
    tagged = [key for key in node if key != "where"] if isinstance(node, Mapping) else []
    return node[tagged[0]] if len(tagged) == 1 else node


def with_rows(
    question: Mapping[str, Any], manifests: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a study's part of the record with `rows` in each stage: the examples that it saw.

    Each task of a stage gives `size` examples, or all it has where it has fewer; None where the
    data of a task are not there.
    """
    chains = {
        name: {**chain, "stages": [_with_rows(stage, manifests) for stage in chain["stages"]]}
        for name, chain in question["chains"].items()
    }
    return {**question, "chains": chains}


def _with_rows(
    stage: Mapping[str, Any], manifests: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    splits = [manifests.get(task, {}).get("splits", {}) for task in stage["tasks"]]
    if not all("train" in of_task for of_task in splits):
        return {**stage, "rows": None}
    size, counts = stage["size"], [of_task["train"]["rows"] for of_task in splits]
    return {**stage, "rows": sum(count if size is None else min(count, size) for count in counts)}
