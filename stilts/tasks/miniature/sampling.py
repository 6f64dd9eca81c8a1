"""Drawing of splits: seeded, disjoint, free of duplicates, and with a stated label balance."""

import json
from collections.abc import Callable, Sequence
from random import Random

Compose = Callable[[Random, int], dict]

PATIENCE = 500


def draw_splits(
    theme: str,
    sizes: dict[str, int],
    seed: int,
    compose: Compose,
    *,
    classes: Sequence[int],
) -> dict[str, list[dict]]:
    """Rows of every split, no content twice, neither within a split nor across splits.

    ``compose(rng, label)`` writes one raw row of the wanted label. ``classes`` is the multiset of
    labels in one block: (0, 1) is balanced, (1, 1, 1, 0) is three quarters of label 1. Validation
    is drawn first from a stream of its own, so it does not depend on the size of the training
    split, and a smaller training split is the beginning of a larger one.

    Raises ValueError when the language has too few different rows for the wanted size.
    """
    seen: set[str] = set()
    ordered = sorted(sizes, key=lambda split: (split == "train", split))
    return {
        split: _draw(theme, split, sizes[split], seed, compose, classes, seen) for split in ordered
    }


def _draw(theme, split, size, seed, compose, classes, seen) -> list[dict]:
    rng = Random(f"{theme}/{split}/{seed}")
    rows: list[dict] = []
    block: list[int] = []
    while len(rows) < size:
        if not block:
            block = rng.sample(list(classes), len(classes))
        label = block.pop()
        rows.append(_fresh(theme, split, size, rng, compose, label, seen))
    return rows


def _fresh(theme, split, size, rng, compose, label, seen) -> dict:
    for _ in range(PATIENCE):
        row = compose(rng, label)
        key = content_key(row)
        if key not in seen:
            seen.add(key)
            return row
    raise ValueError(
        f"{theme}: no {size} different {split} rows exist in the miniature language; "
        "ask for fewer in scales/*.yaml"
    )


def content_key(row: dict) -> str:
    """What makes two rows the same: their text columns, whatever the label or the row number."""
    texts = [value for value in row.values() if isinstance(value, str | list)]
    return json.dumps(texts, sort_keys=True).lower()


def numbered(splits: dict[str, list[dict]], column: str = "idx") -> dict[str, list[dict]]:
    """The splits with a running row number per split in ``column``."""
    return {
        split: [{**row, column: number} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }
