"""Splits that a data set does not have, made of its training split."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from stilts.errors import UserError

TRAIN, SEED = "train", "seed"
DRAWN_WITH = 42  # where a block names no seed


def shares(source: Mapping[str, Any]) -> dict[str, float]:
    """Return the splits that a source makes of its training split, and the share each takes."""
    return {name: share for name, share in source.get("divide", {}).items() if name != SEED}


def base_split(source: Mapping[str, Any], split: str) -> str:
    """Return the split that the rows of another are taken from: itself, or the training split."""
    return TRAIN if split in shares(source) else split


def part(
    rows: Sequence[Any], source: Mapping[str, Any], split: str
) -> tuple[list[Any], dict[str, Any]]:
    """Return the rows of a split of those of its base split, and what the manifest tells of it.

    Every row is in exactly one split, drawn at random; each keeps the order of the source. What
    stands twice in the source may fall on both sides: the audit counts it (`also_in_train`).

    Args:
        rows: of the base split, see `base_split`.
        source: of a task: `divide` names a share (0 to 1) per split, and optionally a `seed`.
        split: the one that is asked for.

    Raises:
        UserError: a split is left without rows.
    """
    taken = shares(source)
    if not taken or split not in {TRAIN, *taken}:
        return list(rows), {}
    seed = source["divide"].get(SEED, DRAWN_WITH)
    order = Random(seed).sample(range(len(rows)), len(rows))
    places: dict[str, list[int]] = {}
    for name, share in taken.items():
        count = round(share * len(rows))
        places[name], order = sorted(order[:count]), order[count:]
    places[TRAIN] = sorted(order)
    for name, own in places.items():
        if not own:
            raise UserError(
                f"'divide' leaves '{name}' without a row of the {len(rows)} of '{TRAIN}': change"
                " its shares"
            )
    told = {"divided": {"shares": taken, "seed": seed, "of": len(rows)}}
    return [rows[place] for place in places[split]], told


def check_divide(source: Mapping[str, Any], place: str) -> None:
    """Refuse shares that leave nothing to train on, and splits that are there already.

    Args:
        source: of a task, in the form that `stilts.question.task_fields` asks for.
        place: the file and the task, for the error.

    Raises:
        UserError: names the split and the remedy.
    """
    taken = shares(source)
    if source.get("divide") and not taken:
        raise UserError(f"{place}: source.divide names no split: write one, as in validation: 0.1")
    for name in taken:
        there = "files" if name in source.get("files", {}) else "splits"
        if name == TRAIN or name in source.get(there, {}):
            told = "is what is divided" if name == TRAIN else f"is named by 'source.{there}' too"
            raise UserError(f"{place}: source.divide: '{name}' {told}: leave it out of one of them")
    if sum(taken.values()) >= 1:
        raise UserError(
            f"{place}: source.divide: shares of {sum(taken.values()):g} leave nothing of '{TRAIN}':"
            " they must come to less than 1"
        )
