"""A part of a source text: which of its tokens is the first of the answer, and which the last.

As `span`, but for what Keskar et al. 2019 have otherwise (section 3.1, equations 5 to 11): softmax
over the tokens of the source alone, so that no token stands for no answer; the loss is the sum of
both cross entropies; with `decode: independent` both ends are taken by themselves. A class is named
by its words. All tasks of a model share one such head.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from stilts.models.batch import IGNORED, Batch
from stilts.models.choosing import largest, tied
from stilts.models.heads import span
from stilts.models.heads.span import NO_TOKEN, Found
from stilts.models.sources import FIRST
from stilts.models.tokens import Encoded
from stilts.tasks.answers import same_words
from stilts.tasks.confusion import NO_CLASS

KINDS = ("text_span", "class_span")


class Head(span.Head):
    """Outputs [n, 2 W] as `span`; places outside the source have NO_TOKEN."""

    SHARED = True
    OWN_FORM = True

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] in KINDS

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the numbers of every window, float32 [n, 2 W]."""
        numbers = super().forward(encoder, batch).unflatten(1, (2, -1))
        places = torch.arange(numbers.shape[2], device=numbers.device)
        source = (places >= FIRST) & (places < batch.labels[:, 2:])  # [n, W]
        return numbers.where(source[:, None], NO_TOKEN).flatten(1)

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the sum of two cross entropies, of numbers [n, 2 W] and labels [n, 3].

        A window without its answer, labelled 0, has none.
        """
        numbers = outputs.float().unflatten(1, (2, -1)).flatten(0, 1)
        places = labels[:, :2].flatten()
        wanted = places.where(places >= FIRST, IGNORED)
        return functional.cross_entropy(numbers, wanted, reduction="sum", ignore_index=IGNORED)

    @staticmethod
    def references(encoded: Encoded) -> np.ndarray:
        """Return the right class of every question, int64 [Q], or its gold answers, objects [Q]."""
        if not _classes(encoded):
            return span.Head.references(encoded)
        return np.array([_named(asked.golds[0], asked.choices) for asked in encoded.questions])

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the class of every question, int64 [Q], NO_CLASS for other words; or a text."""
        return _answers(span.texts(find(outputs, encoded), encoded), encoded)

    @classmethod
    def table(cls, outputs: np.ndarray, encoded: Encoded) -> dict[str, Any]:
        """Return id, right and predicted answer, text, place and score of every question."""
        found = find(outputs, encoded)
        texts = span.texts(found, encoded)
        return {
            "id": list(dict.fromkeys(encoded.ids)),
            "label": cls.references(encoded),
            "prediction": _answers(texts, encoded),
            "text": texts,
            "start": found.starts,
            "end": found.ends,
            "score": found.scores,
        }

    @staticmethod
    def ties(outputs: np.ndarray) -> np.ndarray:
        """Return for which windows [N] the best first or last token is not unique."""
        first, last = np.split(outputs, 2, axis=1)
        return tied(first) | tied(last)


def _classes(encoded: Encoded) -> bool:
    return bool(encoded.questions[0].choices)


def _named(text: str, choices: tuple[str, ...]) -> int:
    """Return the first class that has the words of a text, or NO_CLASS."""
    return next((n for n, words in enumerate(choices) if same_words(text, words)), NO_CLASS)


def _answers(texts: np.ndarray, encoded: Encoded) -> np.ndarray:
    if not _classes(encoded):
        return texts
    pairs = zip(texts, encoded.questions, strict=True)
    return np.array([_named(text, asked.choices) for text, asked in pairs], np.int64)


def find(outputs: np.ndarray, encoded: Encoded) -> Found:
    """Return the answers to a split's questions, by the rule of `encoded.decoding`.

    independent: in each window the token with the greatest first number, and that with the greatest
    second number; ties are drawn, seeded by place. If the last stands before the first the window
    has no answer.

    best_span: as for `span`, without a case of no answer.

    Of the windows that have one, that counts whose ends have the greatest sum of numbers or, with
    `across: share`, the greatest product of shares in their window.

    Args:
        outputs: float32 [N, 2 W], of all windows in order.
        encoded: the windows.
    """
    numbers = np.nan_to_num(outputs.reshape(len(outputs), 2, -1), nan=0.0)
    places, rule = np.arange(numbers.shape[2]), encoded.decoding
    source = (places >= FIRST) & (places < encoded.labels[:, 2:])
    first, last = (np.where(source, numbers[:, side], -np.inf) for side in (0, 1))
    if rule.decode == "independent":
        begin, end = largest(first), largest(last)
    else:
        _, begin, end = span.best_of(first, last, rule.longest_answer)
    windows = np.arange(len(numbers))
    sums = first[windows, begin] + last[windows, end]
    if rule.across == "share":
        sums = sums - _total(first) - _total(last)
    spans = span.blocks(encoded, len(places))
    characters = spans[windows, begin, 0], spans[windows, end, 1]
    scores = np.where((end < begin) | (characters[1] <= characters[0]), -np.inf, sums)
    of = np.unique(span.question_of(encoded.ids), return_index=True)[1]
    best = [part.argmax() + start for start, part in zip(of, np.split(scores, of[1:]), strict=True)]
    answered = np.isfinite(scores[best])
    return Found(
        np.where(answered, characters[0][best], 0).astype(np.int64),
        np.where(answered, characters[1][best], 0).astype(np.int64),
        np.where(answered, scores[best], NO_TOKEN).astype(np.float32),
        np.full(len(best), NO_TOKEN, np.float32),
    )


def _total(numbers: np.ndarray) -> np.ndarray:
    """Return the logarithm of the sum of exponentials over the source of each window, [N]."""
    most = numbers.max(axis=1)
    return most + np.log(np.exp(numbers - most[:, None]).sum(axis=1))
