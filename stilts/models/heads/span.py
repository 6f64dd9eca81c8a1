"""A part of a text: where it starts and where it ends, a number each for every token of a window.

The head is transformers' own for question answering. Two ways lead from its numbers to an answer,
see the setting `decode`; the answer is then cut from the characters of the context.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import (
    MODEL_FOR_QUESTION_ANSWERING_MAPPING,
    AutoModelForQuestionAnswering,
    PretrainedConfig,
    PreTrainedModel,
)

from stilts.errors import UserError
from stilts.models.batch import IGNORED, Batch
from stilts.models.encoder import all_states, packed
from stilts.models.family import family_of, inputs
from stilts.models.head import LibraryHead
from stilts.models.tokens import Encoded

NO_TOKEN = -65504.0  # the number of a place without a token: finite, and nothing after a softmax
FIRST = 0  # the token that stands for no answer (Devlin et al. 2019, section 4.3)


class Found(NamedTuple):
    """What a question is answered by, N questions.

    starts, ends: int64 [N], characters of the context from and up to; 0, 0 for no answer.
    scores: float32 [N], of the best span. nulls: float32 [N], of no answer.
    """

    starts: np.ndarray
    ends: np.ndarray
    scores: np.ndarray
    nulls: np.ndarray


class Head(LibraryHead):
    """Outputs [n, 2 W]: a number for each token as the first, then as the last of the answer.

    W is the longest window of a split; places without a token have NO_TOKEN.
    """

    AUTO = AutoModelForQuestionAnswering

    @classmethod
    def auto(cls, config: PretrainedConfig) -> type:
        """Return the class whose head this is.

        Raises:
            UserError: the family has no such head, or one of a form that is not known here.
        """
        owner = MODEL_FOR_QUESTION_ANSWERING_MAPPING.get(type(config), None)
        with torch.device("meta"):
            fits = owner is not None and hasattr(owner(config), "qa_outputs")
        if not fits:
            raise UserError(
                f"family '{config.model_type}' has no head for spans that is known here: use an"
                " encoder such as BERT, RoBERTa or ELECTRA for this task"
            )
        return cls.AUTO

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether the task has such answers."""
        return facts["kind"] == "span"

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return 2: a token as the first, and as the last of an answer."""
        return 2

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the numbers of every window, float32 [n, 2 W]."""
        each = self._logits(batch).T  # [2, T]
        width = max(batch.widest, batch.longest)
        block = each.new_full((2, len(batch.starts) * batch.longest), NO_TOKEN)
        block = block.index_copy(1, batch.slots, each).view(2, -1, batch.longest)
        block = functional.pad(block, (0, width - batch.longest), value=NO_TOKEN)
        return block.transpose(0, 1).flatten(1)

    def _logits(self, batch: Batch) -> Tensor:
        """Return the numbers of every token, float32 [T, 2]."""
        owner = self.owner
        if packed(owner):
            states = all_states(owner, batch)
            if hasattr(owner, "dropout"):
                states = owner.dropout(states)
            return owner.qa_outputs(states).float()
        family = family_of(owner.config.model_type)
        output = owner(**inputs(family, batch, owner.config.pad_token_id))
        both = torch.stack([output.start_logits, output.end_logits], dim=2)
        return both.flatten(0, 1).index_select(0, batch.slots).float()

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the mean of two cross entropies, of numbers [n, 2 W] and places [n, 2].

        Only tokens count: transformers' own class lets the padding of a batch compete as well.
        """
        numbers = outputs.float().unflatten(1, (2, -1)).flatten(0, 1)
        wanted = labels.flatten()
        return functional.cross_entropy(numbers, wanted, reduction="sum", ignore_index=IGNORED) / 2

    @staticmethod
    def references(encoded: Encoded) -> np.ndarray:
        """Return the gold answers of every question: objects [Q], each a list of texts."""
        golds = np.empty(len(encoded.questions), object)
        golds[:] = [list(question.golds) for question in encoded.questions]
        return golds

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return a text for every question, empty for no answer: objects [Q]."""
        return texts(find(outputs, encoded), encoded)

    @classmethod
    def table(cls, outputs: np.ndarray, encoded: Encoded) -> dict[str, Any]:
        """Return id, gold answers, text, place, and the scores of text and of none, by question."""
        found = find(outputs, encoded)
        return {
            "id": list(dict.fromkeys(encoded.ids)),
            "label": cls.references(encoded),
            "prediction": texts(found, encoded),
            "start": found.starts,
            "end": found.ends,
            "score": found.scores,
            "null_score": found.nulls,
        }


def texts(found: Found, encoded: Encoded) -> np.ndarray:
    """Return what was found as texts, objects [Q]."""
    cut = np.empty(len(encoded.questions), object)
    cut[:] = [
        question.context[start:end]
        for question, start, end in zip(encoded.questions, found.starts, found.ends, strict=True)
    ]
    return cut


def find(outputs: np.ndarray, encoded: Encoded) -> Found:
    """Return the answers to a split's questions, by the rule of `encoded.decoding`.

    best_span: of all windows the span, at most `longest_answer` tokens long, whose two numbers
    have the greatest sum. It gives way to no answer where the sum at the first token, in the
    window where that is lowest, is greater (as in transformers' own example, after Devlin et al.
    2019, section 4.3). A task whose questions all have an answer has no such case.

    independent: in each window the token with the greatest first number, and that with the greatest
    second number. If either is the first token, or the last stands before the first, the window has
    no answer; of the windows that have one, that with the greatest sum counts.

    Args:
        outputs: float32 [N, 2 W], of all windows in order.
        encoded: the windows.
    """
    numbers = outputs.reshape(len(outputs), 2, -1)
    spans = blocks(encoded, numbers.shape[2])
    inside = (spans[:, :, 0] >= 0) & (spans[:, :, 1] > spans[:, :, 0])
    first, last = (np.where(inside, numbers[:, side], -np.inf) for side in (0, 1))
    nulls = numbers[:, :, FIRST].sum(axis=1)
    rule = encoded.decoding
    if rule.decode == "independent":
        scores, begin, end = _independent(first, last, numbers[:, :, FIRST])
        # Nothing but an answer of some window can win against none.
        limits = np.full(len(scores), -np.inf)
    else:
        scores, begin, end = best_of(first, last, rule.longest_answer)
        limits = nulls if rule.unanswerable else np.full(len(scores), -np.inf)
    of = np.unique(question_of(encoded.ids), return_index=True)[1]
    best = [part.argmax() + start for start, part in zip(of, np.split(scores, of[1:]), strict=True)]
    null = np.minimum.reduceat(limits, of)
    answered = scores[best] > np.maximum(null, -np.inf)
    return Found(
        np.where(answered, spans[best, begin[best], 0], 0).astype(np.int64),
        np.where(answered, spans[best, end[best], 1], 0).astype(np.int64),
        np.where(np.isfinite(scores[best]), scores[best], NO_TOKEN).astype(np.float32),
        np.minimum.reduceat(nulls, of).astype(np.float32),
    )


def question_of(ids: tuple[str, ...]) -> np.ndarray:
    """Return for each window the number of its question, int64 [N]."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(ids))}
    return np.array([numbers[name] for name in ids])


def blocks(encoded: Encoded, width: int) -> np.ndarray:
    """Return the characters of every token, int32 [N, W, 2]; -1 where there is none."""
    lengths = encoded.lengths.astype(np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    blocks = np.full((len(lengths), width, 2), -1, np.int32)
    blocks[rows, columns] = encoded.spans
    return blocks


def best_of(
    first: np.ndarray, last: np.ndarray, longest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each window the greatest sum, and its two tokens; of equal ones the shortest."""
    count, width = first.shape
    scores = np.full(count, -np.inf)
    begin, end = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for more in range(min(longest, width)):
        sums = first[:, : width - more] + last[:, more:]
        place = sums.argmax(axis=1)
        value = sums[np.arange(count), place]
        better = value > scores
        scores[better], begin[better] = value[better], place[better]
        end[better] = place[better] + more
    return scores, begin, end


def _independent(
    first: np.ndarray, last: np.ndarray, null: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each window the sum of its two greatest numbers, and their tokens.

    The sum is -inf for a window without an answer.
    """
    begin, end = first.argmax(axis=1), last.argmax(axis=1)
    tops = first.max(axis=1), last.max(axis=1)
    none = (null[:, 0] >= tops[0]) | (null[:, 1] >= tops[1]) | (end < begin)
    return np.where(none, -np.inf, tops[0] + tops[1]), begin, end
