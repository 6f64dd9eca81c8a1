"""Pairs for tokenizers without a separator token, those of causal models: joined by a newline."""

from collections.abc import Sequence
from typing import Any

NEWLINE = "\n"


def encode_joined(
    first: Sequence[str], second: Sequence[str] | None, tokenizer: Any, max_tokens: int
) -> list[list[int]]:
    """Return the token ids of every text A, a newline and its text B, `max_tokens` at most.

    Both texts are shortened from their end, the longer one first, as tokenizers do with pairs: cut
    at the end as a whole, the options of a question would all look alike.

    second: None where texts stand alone.
    """
    if second is None:
        return tokenizer(list(first), truncation=True, max_length=max_tokens)["input_ids"]
    starts = [text + NEWLINE for text in first]
    whole = [start + text for start, text in zip(starts, second, strict=True)]
    sequences = tokenizer(whole, truncation=False, verbose=False)["input_ids"]
    for i, ids in enumerate(sequences):
        if len(ids) > max_tokens:
            border = len(tokenizer(starts[i], verbose=False)["input_ids"])
            parts = ids[: border - 1], ids[border - 1 : border], ids[border:]
            sequences[i] = _shorten(*parts, max_tokens)
    return sequences


def _shorten(first: list[int], newline: list[int], second: list[int], room: int) -> list[int]:
    """Return what fits: tokens go one by one from the end of the longer part."""
    room = max(room - len(newline), 0)
    short = min(len(first), len(second))
    less = min(short, room // 2)
    more = room - less
    if len(first) <= len(second):
        return first[:less] + newline + second[:more]
    return first[:more] + newline + second[:less]
