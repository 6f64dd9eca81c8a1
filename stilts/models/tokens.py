"""Rows to token ids, once per task and tokenizer, kept as flat arrays."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from stilts.errors import UserError
from stilts.files import plugins
from stilts.models.joined import NEWLINE, encode_joined
from stilts.models.sources import TEMPLATE, Room, windows_of_sources
from stilts.models.windows import Question, windows_of
from stilts.tasks.columns import KINDS

# Jobs are given their cores one by one, and forking after a parallel call makes tokenizers warn.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


class Decoding(NamedTuple):
    """How an answer is read off the tokens of a window; see the settings of these names.

    `unanswerable`: there may be no answer.
    """

    decode: str
    longest_answer: int
    unanswerable: bool
    across: str = "sum"


@dataclass(frozen=True)
class Encoded:
    """A split as token ids: N examples of `choices` sequences each, laid end to end.

    tokens: int32 [T], the S = N * choices sequences one after the other, special tokens included.
    types: int64 [T], 0 for text A and 1 for text B, or None for families that do not use them.
    lengths: int32 [S], tokens of each sequence.
    labels: [N], int64 class index or index of the right option, or a float64 number; of windows
        int64 [N, 2], see `stilts.models.windows.Window.answer`; of windows of a source [N, 3], see
        `stilts.models.sources`.
    ids: the N example ids; the windows of a question stand together and share its id.
    spans: int32 [T, 2] of windows, see `stilts.models.windows.Window.spans`.
    questions: of windows, one for each id, in order.
    """

    tokens: np.ndarray
    types: np.ndarray | None
    lengths: np.ndarray
    labels: np.ndarray
    ids: tuple[str, ...]
    choices: int
    offsets: np.ndarray  # int64 [S], where each sequence starts in `tokens`
    padding: int | None = None  # the padding token's id, where a text itself holds one
    spans: np.ndarray | None = None
    questions: tuple[Question, ...] = ()
    decoding: Decoding | None = None

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)

    @property
    def asked(self) -> int:
        """How many rows they come from: the number of questions, where windows are examples."""
        return len(self.questions) or len(self)

    @property
    def of_sources(self) -> bool:
        """Whether they are windows of sources, see `stilts.models.sources`."""
        return self.labels.ndim == 2 and self.labels.shape[1] == 3


def answered(encoded: Encoded, place: str) -> Encoded:
    """Return the windows of sources that hold their answer, and the questions that keep one.

    Raises:
        UserError: there is none; one line that starts with `place`.
    """
    kept = encoded.labels[:, 0] > 0
    if kept.all():
        return encoded
    if not kept.any():
        raise UserError(f"{place}: no window holds its answer whole: raise max_tokens")
    tokens = np.repeat(kept, encoded.lengths)
    lengths = encoded.lengths[kept]
    ids = tuple(name for name, stays in zip(encoded.ids, kept, strict=True) if stays)
    asked = zip(dict.fromkeys(encoded.ids), encoded.questions, strict=True)
    stay = set(ids)
    return replace(
        encoded,
        tokens=encoded.tokens[tokens],
        types=None if encoded.types is None else encoded.types[tokens],
        lengths=lengths,
        labels=encoded.labels[kept],
        ids=ids,
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
        spans=encoded.spans[tokens],
        questions=tuple(question for name, question in asked if name in stay),
    )


def encode(
    rows: Sequence[dict[str, Any]],
    kind: str,
    tokenizer: Any,
    max_tokens: int,
    stride: int = 0,
    layout: str = TEMPLATE,
) -> Encoded:
    """Return canonical rows as token ids, with the tokenizer's own template for pairs.

    A's segments are joined by the separator token (`word</s>sentence1`), as in the released code
    of Chang & Lu 2021. Where A or B has no segments the other one stands alone. A tokenizer without
    a separator, that of a causal model, gets a newline in each of these places. Sequences over
    `max_tokens` are shortened longest text first; questions on a text are cut into windows that
    share `stride` tokens, see `stilts.models.windows`, and `stilts.models.sources` for those whose
    text comes first; their `layout` is the setting.

    Raises:
        UserError: unknown kind, or a question that leaves no room for its text.
        ValueError: a kind without answers, no rows, or rows that differ in their number of options
            or in whether they are pairs.
    """
    posed = plugins.load(KINDS, kind, "kind", "the task to encode")
    if not hasattr(posed, "pairs"):
        raise ValueError(f"kind {kind!r} has no answers to learn: it cannot be encoded")
    if not rows:
        raise ValueError("there are no rows to encode: check the limits of the split")
    if hasattr(posed, "spans"):
        return _in_windows(rows, posed, tokenizer, max_tokens, stride, layout)
    first, second = _texts(*posed.pairs(rows), tokenizer.sep_token or NEWLINE)
    if tokenizer.sep_token is None:
        sequences, types = encode_joined(first, second, tokenizer, max_tokens), None
    else:
        encoding = tokenizer(
            first,
            second,
            truncation="longest_first",
            max_length=max_tokens,
            return_attention_mask=False,
        )
        sequences, types = encoding["input_ids"], encoding.get("token_type_ids")
    lengths = np.fromiter(map(len, sequences), np.int32, len(first))
    tokens = np.concatenate(sequences).astype(np.int32)
    return Encoded(
        tokens=tokens,
        types=None if types is None else np.concatenate(types).astype(np.int64),
        lengths=lengths,
        labels=np.array([row["label"] for row in rows]),
        ids=tuple(str(row["id"]) for row in rows),
        choices=len(first) // len(rows),
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
        padding=_padding_in(tokens, tokenizer),
    )


def _padding_in(tokens: np.ndarray, tokenizer: Any) -> int | None:
    padding = tokenizer.pad_token_id
    return padding if padding is not None and (tokens == padding).any() else None


def _in_windows(
    rows: Sequence[dict[str, Any]],
    kind: ModuleType,
    tokenizer: Any,
    max_tokens: int,
    stride: int,
    layout: str,
) -> Encoded:
    """Return questions on texts as windows; their rows stay in order."""
    texts = tuple([side[0] for side in sides] for sides in kind.pairs(rows))
    golds = [kind.spans(row) for row in rows]
    room = (tokenizer, max_tokens, stride)
    if hasattr(kind, "kept"):
        contexts, choices = texts[0], [tuple(kind.choices(row)) for row in rows]
        kept = [kind.kept(row) for row in rows]
        found = windows_of_sources(rows, golds, texts, kept, Room(*room, layout))
    else:
        contexts, choices = texts[1], [()] * len(rows)
        found = windows_of(rows, golds, texts, *room)
    of, cut = zip(*found, strict=True)
    tokens = np.concatenate([window.tokens for window in cut])
    lengths = np.fromiter((len(window.tokens) for window in cut), np.int32, len(cut))
    typed = cut[0].types is not None
    return Encoded(
        tokens=tokens,
        types=np.concatenate([window.types for window in cut]) if typed else None,
        lengths=lengths,
        labels=np.array([window.answer for window in cut], np.int64),
        ids=tuple(str(rows[place]["id"]) for place in of),
        choices=1,
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
        padding=_padding_in(tokens, tokenizer),
        spans=np.concatenate([window.spans for window in cut]),
        questions=tuple(
            Question(context, tuple(context[begin:end] for begin, end in places), choice)
            for context, places, choice in zip(contexts, golds, choices, strict=True)
        ),
    )


def _texts(
    first: list[list[str]], second: list[list[str]], separator: str
) -> tuple[list[str], list[str] | None]:
    """Return text A and text B (None for single texts) of every sequence, segments joined."""
    shapes = {(bool(a), bool(b)) for a, b in zip(first, second, strict=True)}
    if len(shapes) > 1:
        raise ValueError("some rows are pairs and some single texts: pose them as two tasks")
    has_first, has_second = shapes.pop()
    texts = [[separator.join(segments) for segments in side] for side in (first, second)]
    if has_first and has_second:
        return texts[0], texts[1]
    return texts[0 if has_first else 1], None
