"""What trials come to, where nothing is trained."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stilts.files.manifest import sha256_of_bytes
from stilts.jobs.outcome import Outcome
from stilts.tasks.scoring import compute

METRICS = ("accuracy", "f1_macro", "matthews_correlation")


def predictions_of(answers, labels, splits=None):
    """Return the bytes of a predictions file; `splits` names the split of each row."""
    table = {
        "id": [str(number) for number in range(len(answers))],
        "split": splits or ["validation"] * len(answers),
        "label": labels,
        "prediction": answers,
        "logits": [[0.0, 1.0]] * len(answers),
    }
    stream = io.BytesIO()
    pq.write_table(pa.table(table), stream)
    return stream.getvalue()


def outcome_of(answers, labels, splits=None, metrics=METRICS, **fields):
    """Return an outcome of two epochs, the last of which gave these answers."""
    content = predictions_of(answers, labels, splits)
    named = np.array(splits or ["validation"] * len(answers))
    parts = [
        compute(metrics, np.array(answers)[named == split], np.array(labels)[named == split])
        for split in dict.fromkeys(named)
    ]
    variants = {name: float(np.mean([part[name] for part in parts])) for name in metrics}
    epochs = [{"epoch": 1, "train_loss": 0.7, **dict.fromkeys(metrics, 0.25)}]
    epochs += [{"epoch": 2, "train_loss": 0.5, **variants}]
    result = {"variants": variants, "epochs": epochs, "chosen": 1, "diverged": False}
    result |= {"digests": {"predictions": sha256_of_bytes(content)}, "steps": 6}
    return Outcome({**result, **fields}, content, {"seconds": 1.0})
