"""What a data set looks like before anything is trained on it: the flaws that invite shortcuts."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

Row = Mapping[str, Any]
_MARKS = ".,;:!?\"'()[]“”‘’…"
_CLOSED = tuple(".!?\"')]”’…")


def audit(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the counts a sceptic asks for.

    Args:
        rows: canonical rows of one split.

    Returns:
        `rows`; `duplicates`: rows whose texts stand in an earlier row, whatever the order of the
        options; `empty`: rows with a blank text; and for multiple choice
        `identical_options`: rows in which two options are the same;
        `gold_positions`: how often the answer is option 0, 1, …;
        `gold_minus_wrong_words`: mean difference in words between the answer and the mean of its
        row's wrong options;
        `cut_mid_word`: share of endings that stop inside a word, {gold, wrong}, see `is_cut`.
    """
    keys = Counter(_key(row) for row in rows)
    found = {
        "rows": len(rows),
        "duplicates": len(rows) - len(keys),
        "empty": sum(not all(text.strip() for text in _texts(row)) for row in rows),
    }
    if not rows or "options" not in rows[0]:
        return found
    places = Counter(row["label"] for row in rows)
    return found | {
        "identical_options": sum(len(set(row["options"])) < len(row["options"]) for row in rows),
        "gold_positions": {str(n): places[n] for n in range(len(rows[0]["options"]))},
        "gold_minus_wrong_words": round(fmean(_longer_gold(row) for row in rows), 3),
        "cut_mid_word": _cut_shares(rows),
    }


def overlap(rows: Iterable[Row], others: Iterable[Row]) -> int:
    """Return how many of `rows` have the same texts as a row of `others`."""
    known = {_key(row) for row in others}
    return sum(_key(row) in known for row in rows)


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


def _cut_shares(rows: Sequence[Row]) -> dict[str, float]:
    """Return the share of cut endings; words are known from all texts but the endings' last."""
    known: set[str] = set()
    for row in rows:
        for text in (*row["first"], row["prefix"], row["suffix"]):
            known.update(map(_plain, text.split()))
        for option in row["options"]:
            known.update(map(_plain, option.split()[:-1]))
    words = sorted(known)
    cut: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        for place, option in enumerate(row["options"]):
            cut[place == row["label"]].append(is_cut(option + row["suffix"], words))
    return {"gold": round(fmean(cut[True]), 4), "wrong": round(fmean(cut[False]), 4)}


def _plain(token: str) -> str:
    return token.strip(_MARKS).lower()


def _longer_gold(row: Row) -> float:
    lengths = [len(option.split()) for option in row["options"]]
    gold = lengths.pop(row["label"])
    return gold - fmean(lengths)


def _texts(row: Row) -> list[str]:
    if "text" in row:
        return [row["text"]]
    return [*row["first"], *row.get("second", ()), *row.get("options", ())]


def _key(row: Row) -> tuple[Any, ...]:
    if "options" not in row:
        return tuple(_texts(row)) + (len(row.get("first", ())),)
    return (*row["first"], row["prefix"], row["suffix"], *sorted(row["options"]))
