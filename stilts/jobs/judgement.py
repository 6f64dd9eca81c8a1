"""From a head's outputs to a result: scores, signs that nothing was learnt, predictions."""

import io
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stilts.models.head import Head
from stilts.tasks.scoring import final
from stilts.training.evaluation import ScoredSplit, signs


def judge(
    head: type[Head] | Head,
    scored: Sequence[ScoredSplit],
    outputs: Sequence[np.ndarray],
    losses: Sequence[float] = (),
) -> tuple[dict[str, Any], bytes]:
    """Return the fields of a result that follow from outputs, and the predictions as parquet.

    Args:
        head: answers.
        scored: the splits of one task.
        outputs: of the head, float32 [N, k], for each split.
        losses: of the training, one per step, if there was any.

    Returns:
        `variants` (metric -> score, over several splits the mean), `signs` that nothing was
        learnt and `n_<split>`; and the bytes of one row per example: id, split, label,
        prediction, logits (list of float32).
    """
    answers = [
        head.answer(part, split.examples) for part, split in zip(outputs, scored, strict=True)
    ]
    found = [
        final(split.metrics, answer, split.examples.labels)
        for answer, split in zip(answers, scored, strict=True)
    ]
    fields = {
        "variants": {name: fmean(part[name] for part in found) for name in found[0]},
        "signs": signs(
            np.concatenate(answers),
            np.concatenate(outputs),
            np.concatenate([head.ties(part) for part in outputs]),
            losses,
        ),
        **{f"n_{split.split}": len(split.examples) for split in scored},
    }
    return fields, _table(scored, answers, outputs)


def _table(
    scored: Sequence[ScoredSplit], answers: Sequence[np.ndarray], outputs: Sequence[np.ndarray]
) -> bytes:
    table = pa.table(
        {
            "id": [name for split in scored for name in split.examples.ids],
            "split": [split.split for split in scored for _ in split.examples.ids],
            "label": np.concatenate([split.examples.labels for split in scored]),
            "prediction": np.concatenate(answers),
            "logits": pa.array(list(np.concatenate(outputs)), pa.list_(pa.float32())),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
