"""A look-up without a model: which words stand together in the right endings of a task.

Each pair of words gets its pointwise mutual information over the items of an intermediate task,
the premise and the right ending of an item together; a text of a target is worth the sum over its
pairs.
"""

import math
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq


def rows(folder: Path, task: str, split: str) -> list[dict]:
    return pq.read_table(folder / task / f"{split}.parquet").to_pylist()


def words(*texts: str) -> set[str]:
    return set(re.findall(r"\w+", " ".join(texts).lower()))


def options(row: dict) -> list[set[str]]:
    """The words of each way to read a row: one for an option, one for a pair of texts."""
    if "options" in row:
        texts = [row["prefix"] + option + row["suffix"] for option in row["options"]]
        return [words(*row["first"], text) for text in texts]
    return [words(*row["first"], *row["second"])]


class LookUp:
    """The pairs of words of a task's right endings."""

    def __init__(self, told: list[dict]):
        said = [options(row)[row["label"]] for row in told]
        self.count = len(said)
        self.single = Counter(word for text in said for word in text)
        self.pairs = Counter(pair for text in said for pair in combinations(sorted(text), 2))

    def value(self, text: set[str]) -> float:
        found = ((pair, self.pairs.get(pair, 0)) for pair in combinations(sorted(text), 2))
        return sum(
            math.log(both * self.count / (self.single[a] * self.single[b]))
            for (a, b), both in found
            if both
        )


def found_by_look_up(folder: Path, source: str, target: str) -> float:
    """How often the best-valued option is right; of pairs, how often a right one is worth more.

    The latter is the area under the curve of the first class against the others, a half by chance.
    """
    look_up, asked = LookUp(rows(folder, source, "train")), rows(folder, target, "validation")
    values = [[round(look_up.value(text), 9) for text in options(row)] for row in asked]
    if len(values[0]) > 1:
        return sum(_share(row["label"], of) for row, of in zip(asked, values, strict=True)) / len(
            asked
        )
    first = [of[0] for row, of in zip(asked, values, strict=True) if row["label"] == 0]
    rest = [of[0] for row, of in zip(asked, values, strict=True) if row["label"]]
    wins = sum((a > b) + (a == b) / 2 for a in first for b in rest)
    return wins / (len(first) * len(rest))


def _share(label: int, values: list[float]) -> float:
    """One if the label has the greatest value alone, its share where it ties, else none."""
    best = max(values)
    return (values[label] == best) / values.count(best)


def chance(folder: Path, target: str) -> float:
    """What a guess finds."""
    (row,) = rows(folder, target, "validation")[:1]
    return 1 / len(options(row)) if "options" in row else 0.5
