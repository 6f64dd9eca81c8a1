"""Questions on texts to token ids: a text that is too long is cut into windows that overlap.

A window is an example of its own, with the question before it; the windows of a question share its
id. Where an answer stands is told by characters of the original text, so that no answer is ever
put together from tokens.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from stilts.errors import UserError, shown

AT_ONCE = 500  # rows: the tokenizer's own lists of offsets are a hundred times as large as ours


class Question(NamedTuple):
    """What the windows of a question have in common: the whole context and the gold answers.

    `choices`: the words of its classes, where it asks for one.
    """

    context: str
    golds: tuple[str, ...]
    choices: tuple[str, ...] = ()


class Window(NamedTuple):
    """A question and a part of its context, T tokens.

    tokens: int32 [T]. types: int64 [T], or None for families without. spans: int32 [T, 2], the
    characters of the context that a token stands for, from and up to; -1 where it is none of its.
    answer: first and last token of the answer; 0, 0 where this window has none. Of a source there
        is a third number, and no such place, see `stilts.models.sources`.
    """

    tokens: np.ndarray
    types: np.ndarray | None
    spans: np.ndarray
    answer: tuple[int, ...]


def windows_of(
    rows: Sequence[dict[str, Any]],
    golds: Sequence[Sequence[tuple[int, int]]],
    texts: tuple[Sequence[str], Sequence[str]],
    tokenizer: Any,
    max_tokens: int,
    stride: int,
) -> Iterator[tuple[int, Window]]:
    """Yield every window, with the place of its row.

    Args:
        rows: only their ids are read, for errors.
        golds: where each row's gold answers stand in its context; the first is trained on.
        texts: question and context of every row.
        tokenizer: of the kind that tells of characters ("fast"), with a separator.
        max_tokens: of a window with its question.
        stride: tokens of the context that two windows have in common.

    Raises:
        UserError: a tokenizer of another kind, or a question that leaves no room for a window.
    """
    if not tokenizer.is_fast or tokenizer.sep_token is None:
        raise UserError(
            f"{tokenizer.name_or_path}: questions on a text need a tokenizer that tells of"
            " characters (tokenizer.json) and has a separator token: use an encoder such as BERT"
        )
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        questions, contexts = texts[0][part], texts[1][part]
        _demand_room(rows[part], questions, tokenizer, max_tokens, stride)
        encoding = tokenizer(
            list(questions),
            list(contexts),
            truncation="only_second",
            max_length=max_tokens,
            stride=stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_attention_mask=False,
        )
        types, of = encoding.get("token_type_ids"), encoding["overflow_to_sample_mapping"]
        cut = [_spans(encoding, n, contexts[row]) for n, row in enumerate(of)]
        whole: dict[int, np.ndarray] = {
            row: np.concatenate([cut[n] for n in windows]) for row, windows in _by(of).items()
        }
        for n, row in enumerate(of):
            window = Window(
                np.array(encoding["input_ids"][n], np.int32),
                None if types is None else np.array(types[n], np.int64),
                cut[n],
                answer_in(cut[n], golds[start + row], whole[row]),
            )
            yield start + row, window


def _by(of: Sequence[int]) -> dict[int, list[int]]:
    """Return the windows of each row."""
    found: dict[int, list[int]] = {}
    for window, row in enumerate(of):
        found.setdefault(row, []).append(window)
    return found


def _spans(encoding: Any, window: int, context: str) -> np.ndarray:
    """Return the characters of every token of a window, see `Window.spans`."""
    inside = np.array([side == 1 for side in encoding.sequence_ids(window)])
    spans = np.array(encoding["offset_mapping"][window], np.int32)
    spans[~inside] = -1
    return trimmed(spans, inside, context)


def trimmed(spans: np.ndarray, inside: np.ndarray, context: str) -> np.ndarray:
    """Return the characters of tokens, those that are `inside`, by the rule of `Window.spans`.

    Blanks before a word that the tokenizer counts to its token are left out, so that an answer's
    place is that of its text; a token of blanks alone stands for no character. A mark that the
    tokenizer takes off its letter ("e" and an accent of its own) stays with it.
    """
    for place in np.flatnonzero(inside):
        begin, end = spans[place]
        while begin < end and context[begin].isspace():
            begin += 1
        spans[place, 0] = begin
    if not context.isascii():
        begins = set(spans[inside, 0].tolist())
        for place in np.flatnonzero(inside):
            end = int(spans[place, 1])
            while end < len(context) and unicodedata.combining(context[end]) and end not in begins:
                end += 1
            spans[place, 1] = end
    return spans


def answer_in(
    spans: np.ndarray, golds: Sequence[tuple[int, int]], whole: np.ndarray
) -> tuple[int, int]:
    """Return first and last token of the first gold answer; 0, 0 unless it is wholly in the window.

    It is if none of its tokens is missing: characters that no token stands for do not count.

    Args:
        spans: int [T, 2], see `Window`.
        golds: characters from and up to.
        whole: the spans of all windows of the context.
    """
    if not golds:
        return 0, 0
    places = np.flatnonzero(_touched(spans, golds[0]))
    tokens = {tuple(span) for span in whole[_touched(whole, golds[0])].tolist()}
    if not len(places) or tokens - {tuple(span) for span in spans[places].tolist()}:
        return 0, 0
    return int(places[0]), int(places[-1])


def _touched(spans: np.ndarray, answer: tuple[int, int]) -> np.ndarray:
    """Return which tokens stand for a character of an answer, bool [T]."""
    begin, end = answer
    reaches = (spans[:, 1] > begin) & (spans[:, 0] < end)
    return reaches & (spans[:, 0] >= 0) & (spans[:, 1] > spans[:, 0])


def _demand_room(
    rows: Sequence[dict[str, Any]],
    questions: Sequence[str],
    tokenizer: Any,
    max_tokens: int,
    stride: int,
) -> None:
    """Refuse a question after which two windows could not overlap by `stride` and still advance."""
    special = tokenizer.num_special_tokens_to_add(pair=True)
    asked = tokenizer(list(questions), add_special_tokens=False, return_attention_mask=False)
    for row, question, tokens in zip(rows, questions, asked["input_ids"], strict=True):
        room = max_tokens - special - len(tokens)
        if room <= stride:
            raise UserError(
                f"row {row['id']}: the question {shown(question)} has {len(tokens)} tokens, which"
                f" leaves {max(0, room)} of max_tokens {max_tokens} for the context, and windows"
                f" overlap by stride {stride}: raise max_tokens, lower stride, or drop the row"
            )
