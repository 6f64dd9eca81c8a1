"""What a checkpoint makes of a target's texts before it is trained on them, for estimates.

Features are read from files that hold no score: no estimate can know a run.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from stilts.errors import UserError
from stilts.files.manifest import sha256_of

CLASSES, NUMBERS, NOTHING = "classes", "numbers", "nothing"  # what a feature is to tell


class Features(NamedTuple):
    """The states of a checkpoint on a sample of a task's training rows.

    Attributes:
        states: float64 [S, d], the mean last state of a text; of options one for each option, of
            texts that are read apart what their head compares.
        answers: int64 classes or float64 numbers [S]; of options 1 for the right one; None where a
            task asks for spans of text.
        examples: int64 [S], the example of each, so that options of one are not parted.
        text: float64 [h], the mean state of all texts (Vu et al. 2020, TextEmb).
    """

    states: np.ndarray
    answers: np.ndarray | None
    examples: np.ndarray
    text: np.ndarray

    @property
    def classes(self) -> np.ndarray | None:
        """The answers where they are classes."""
        numbers = self.answers is None or np.issubdtype(self.answers.dtype, np.floating)
        return None if numbers else self.answers


class Candidate(NamedTuple):
    """A checkpoint before it is fine-tuned on a target.

    Attributes:
        features: of the checkpoint on the target.
        source: float64 [h], the texts of its last stage as the model without a stage reads them.
        target: float64 [h], those of the target, read by the same.
    """

    features: Features
    source: np.ndarray
    target: np.ndarray


def read_features(record: Path | str) -> Features:
    """Read the features whose record that is.

    Raises:
        UserError: the file beside the record is not the one that it tells of.
    """
    told = json.loads(Path(record).read_text(encoding="utf-8"))
    path = Path(record).with_suffix(".parquet")
    if sha256_of(path) != told["digests"]["features"]:
        raise UserError(f"{path} is not what {record} tells of: delete both, they are made anew")
    table = pq.read_table(path)
    states = table["state"].combine_chunks()
    flat = states.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    answers = None
    if told["answers"] != NOTHING:
        kind = np.int64 if told["answers"] == CLASSES else np.float64
        answers = table["answer"].to_numpy().astype(kind)
    return Features(
        flat.reshape(len(states), -1),
        answers,
        table["example"].to_numpy().astype(np.int64),
        np.asarray(told["text"], np.float64),
    )
