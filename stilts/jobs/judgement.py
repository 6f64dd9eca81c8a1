"""From a head's outputs to a result: scores, signs that nothing was learnt, predictions."""

import io
from collections.abc import Mapping, Sequence
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
        learnt and `n_<split>`; and the bytes of one row per example: id, split and what the
        head's `table` has: label, prediction, and mostly logits (list of float32).
    """
    tables = [head.table(part, split.examples) for part, split in zip(outputs, scored, strict=True)]
    answers = [np.asarray(table["prediction"]) for table in tables]
    found = [
        final(split.metrics, answer, head.references(split.examples))
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
        **{f"n_{split.split}": split.examples.asked for split in scored},
    }
    return fields, _parquet([split.split for split in scored], tables)


def _column(values: np.ndarray) -> pa.Array:
    if values.ndim == 2:
        return pa.array(list(values), pa.list_(pa.float32()))
    listed = values.dtype == object and any(isinstance(value, list) for value in values)
    return pa.array(values, pa.list_(pa.string()) if listed else None)


def _parquet(splits: Sequence[str], tables: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the tables of several splits as one, with a column that says the split."""
    parts = []
    for split, table in zip(splits, tables, strict=True):
        ids = list(table["id"])
        rest = {name: _column(column) for name, column in table.items() if name != "id"}
        parts.append(pa.table({"id": ids, "split": [split] * len(ids), **rest}))
    buffer = io.BytesIO()
    pq.write_table(pa.concat_tables(parts).combine_chunks(), buffer)
    return buffer.getvalue()
