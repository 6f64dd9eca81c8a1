"""A source text and an auxiliary one to token ids: the answer stands in the source, which is first.

As Keskar et al. 2019, section 3.1, have it. A part of the source that describes classes is never
cut: where there are too many tokens the other texts give way; of a question on a text the source is
cut into windows that overlap, each with that part at its end. A window's `answer` has three
numbers: the first and the last token of the answer, 0 and 0 where this window has none, and the
place after the last token of the source, which begins at place FIRST.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from stilts.errors import UserError, shown
from stilts.models.windows import AT_ONCE, Window, answer_in, trimmed

TEMPLATE, ONE_SEPARATOR = "template", "one_separator"
FIRST = 1  # the place of a source's first token: one special token opens every sequence


class Room(NamedTuple):
    """What a window may hold: `max_tokens`, `stride` and `layout` are the settings."""

    tokenizer: Any
    max_tokens: int
    stride: int
    layout: str = TEMPLATE


class Frame(NamedTuple):
    """The special tokens around and between two texts.

    before, between, after: their ids. types: of before, source, between, auxiliary and after, or
    None for families without.
    """

    before: list[int]
    between: list[int]
    after: list[int]
    types: tuple[int, ...] | None

    @property
    def size(self) -> int:
        """How many special tokens there are."""
        return len(self.before) + len(self.between) + len(self.after)


def windows_of_sources(
    rows: Sequence[dict[str, Any]],
    golds: Sequence[Sequence[tuple[int, int]]],
    texts: tuple[Sequence[str], Sequence[str]],
    kept: Sequence[tuple[int, bool]],
    room: Room,
) -> Iterator[tuple[int, Window]]:
    """Yield every window, with the place of its row.

    Args:
        rows: only their ids are read, for errors.
        golds: where each row's gold answers stand in its source; the first is trained on.
        texts: source and auxiliary text of every row.
        kept: of every row the character from which its source is not cut, and whether what stands
            before it is cut into windows; otherwise it ends where there is no more room.
        room: see `Room`.

    Raises:
        UserError: a tokenizer that does not tell of characters, or a row whose kept part or
            question leaves no room.
    """
    frame = frame_of(room.tokenizer, room.layout)
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        told = {"add_special_tokens": False, "return_attention_mask": False, "verbose": False}
        sources = room.tokenizer(list(texts[0][part]), return_offsets_mapping=True, **told)
        others = room.tokenizer(list(texts[1][part]), **told)["input_ids"]
        for n, row in enumerate(rows[part]):
            source, place = texts[0][start + n], start + n
            ids = np.array(sources["input_ids"][n], np.int32)
            spans = np.array(sources["offset_mapping"][n], np.int32).reshape(-1, 2)
            spans = trimmed(spans, np.ones(len(ids), bool), source)
            border, windowed = kept[place]
            tail = int(np.argmax([*(spans[:, 1] > border), True]))
            fit = _windows if windowed else _shortened
            other = np.array(others[n], np.int32)
            for chosen, beside in fit(len(ids), tail, other, frame.size, room, row):
                window = _laid(ids[chosen], spans[chosen], beside, frame)
                answer = answer_in(window.spans, golds[place], spans)
                reach = FIRST + len(chosen)
                yield place, window._replace(answer=(*answer, reach))


def frame_of(tokenizer: Any, layout: str) -> Frame:
    """Return the special tokens of a pair: those of the tokenizer's template, or one separator.

    Raises:
        UserError: a tokenizer that does not tell of characters, or without such a template.
    """
    if not tokenizer.is_fast or tokenizer.sep_token is None:
        raise UserError(
            f"{tokenizer.name_or_path}: spans of a source need a tokenizer that tells of"
            " characters (tokenizer.json) and has a separator token: use an encoder such as BERT"
        )
    pair = tokenizer("a", "b", return_attention_mask=False)
    ids, sides = pair["input_ids"], pair.sequence_ids(0)
    bounds = [sides.index(0), *(len(sides) - 1 - sides[::-1].index(n) for n in (0, 1))]
    first, end, last = bounds[0], bounds[1] + 1, bounds[2] + 1
    second = sides.index(1)
    if first != FIRST:
        raise UserError(
            f"{tokenizer.name_or_path}: {first} special tokens open a sequence, and a source must"
            f" begin at place {FIRST}: use an encoder such as BERT"
        )
    types = pair.get("token_type_ids")
    kinds = None if types is None else tuple(types[n] for n in (0, first, end, second, -1))
    frame = Frame(ids[:first], ids[end:second], ids[last:], kinds)
    if layout == ONE_SEPARATOR:
        return frame._replace(between=[tokenizer.sep_token_id], after=[])
    return frame


def _laid(ids: np.ndarray, spans: np.ndarray, beside: np.ndarray, frame: Frame) -> Window:
    """Return a window of tokens of a source, their spans, and the tokens of the auxiliary text."""
    parts = (frame.before, ids, frame.between, beside, frame.after)
    tokens = np.concatenate([np.asarray(part, np.int32) for part in parts])
    types = None
    if frame.types is not None:
        types = np.repeat(np.array(frame.types, np.int64), [len(part) for part in parts])
    own = np.full((len(tokens), 2), -1, np.int32)
    own[FIRST : FIRST + len(ids)] = spans
    return Window(tokens, types, own, (0, 0))


def _shortened(
    count: int, tail: int, other: np.ndarray, special: int, room: Room, row: dict[str, Any]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield which of `count` tokens of a source, and which of the other text, there is room for.

    Those from `tail` on stay; the longer of the two texts is cut first, from its end.
    """
    free = room.max_tokens - special - (count - tail)
    if free < 0:
        raise UserError(
            f"row {row['id']}: the classes are described in {count - tail} tokens, and max_tokens"
            f" {room.max_tokens} leaves {room.max_tokens - special}: raise max_tokens"
        )
    less = min(tail, len(other), free // 2)
    own, beside = (less, free - less) if tail <= len(other) else (free - less, less)
    chosen = np.r_[0 : min(own, tail), tail:count]
    yield chosen, other[:beside]


def _windows(
    count: int, tail: int, other: np.ndarray, special: int, room: Room, row: dict[str, Any]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the tokens of every window of a source, each with those from `tail` on."""
    free = room.max_tokens - special - (count - tail) - len(other)
    if free < tail and free <= room.stride:
        raise UserError(
            f"row {row['id']}: the question {shown(row['auxiliary'])} has {len(other)} tokens,"
            f" which leaves {max(0, free)} of max_tokens {room.max_tokens} for the source, and"
            f" windows overlap by stride {room.stride}: raise max_tokens, lower stride, or drop the"
            " row"
        )
    start = 0
    while True:
        yield np.r_[start : min(start + free, tail), tail:count], other
        if start + free >= tail:
            return
        start += free - room.stride
