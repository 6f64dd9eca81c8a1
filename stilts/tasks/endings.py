"""What the endings of a multiple choice give away by their form alone."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

Row = Mapping[str, Any]
_MARKS = ".,;:!?\"'()[]“”‘’…"
_CLOSED = tuple(".!?\"')]”’…")


def is_cut(ending: str, words: Sequence[str]) -> bool:
    """Tell whether an ending stops inside a word.

    The rule: its last token closes with no mark (`.!?` or a quote or bracket), is not a known
    word, and begins one. So `in the kitc` is cut where `kitchen` is known. It errs both ways: a
    cut that happens to leave a word (`car` of `carpet`) is not seen, and a whole word that is
    found nowhere else but begins a longer one is taken for a cut (SocialIQA: 0.2 to 1 %). So
    compare the shares of gold and wrong endings.

    Args:
        ending: a text.
        words: known words, lower case, sorted.
    """
    tokens = ending.split()
    if not tokens or tokens[-1].endswith(_CLOSED):
        return False
    last = _plain(tokens[-1])
    at = bisect_left(words, last)
    return bool(last) and at < len(words) and words[at] != last and words[at].startswith(last)


def cut_shares(rows: Sequence[Row]) -> dict[str, float]:
    """Return the share of cut endings; words are known from all texts but the endings' last."""
    known: set[str] = set()
    for row in rows:
        for text in (*row["first"], row["prefix"], row["suffix"]):
            known.update(map(_plain, text.split()))
        for option in row["options"]:
            known.update(map(_plain, option.split()[:-1]))
    told = sorted(known)
    cut: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        for place, option in enumerate(row["options"]):
            cut[place == row["label"]].append(is_cut(option + row["suffix"], told))
    return {"gold": round(fmean(cut[True]), 4), "wrong": round(fmean(cut[False]), 4)}


def words(text: str) -> int:
    """Return how many words a text has, between spaces."""
    return len(text.split())


def longer_gold(rows: Sequence[Row], length: Callable[[str], int] = words) -> float:
    """Return by how much the right option is longer than the wrong ones of its row, on average.

    Args:
        rows: canonical multiple-choice rows.
        length: of a text, in words where nothing else is said.
    """
    return round(fmean(_longer(row, length) for row in rows), 3)


def _plain(token: str) -> str:
    return token.strip(_MARKS).lower()


def _longer(row: Row, length: Callable[[str], int]) -> float:
    lengths = [length(option) for option in row["options"]]
    gold = lengths.pop(row["label"])
    return gold - fmean(lengths)
