"""What the runs of a cell answered, example by example, on one of the splits that were scored."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from stilts.evidence.formulas import formula as metric
from stilts.evidence.results import Inputs

COLUMNS = ["id", "split", "label", "prediction"]


@dataclass(frozen=True)
class Answers:
    """The answers of a cell's runs to the same examples.

    Attributes:
        runs: columns `chain` and `point`, a row a run.
        truth: the labels, `[examples]`.
        given: the predictions, `[runs, examples]`.
    """

    runs: pd.DataFrame
    truth: np.ndarray
    given: np.ndarray

    def scores(self, name: str) -> np.ndarray:
        """Return the score of each run by a metric, float64 `[runs]`."""
        formula = metric(name).score
        return np.array([formula(answers, self.truth) for answers in self.given], np.float64)

    def scored(self, name: str) -> pd.DataFrame:
        """Return the runs with their `score` by a metric."""
        return self.runs.assign(score=self.scores(name))

    @property
    def constant(self) -> np.ndarray:
        """Whether each run names one class only, bool `[runs]`."""
        return (self.given == self.given[:, :1]).all(axis=1)


def answers(ours: Inputs, chain: str, target: str, split: str = "") -> Answers | None:
    """Read the predictions of the runs of a cell; None where it has no runs with predictions.

    Args:
        ours: the inputs of one model.
        chain: of the cell; see `Inputs.cell` for the walks that it may stand for.
        target: of the cell.
        split: the one to look at; by default the first that is scored.
    """
    runs = ours.cell(chain, target)[["chain", "point"]].reset_index(drop=True)
    keys = [(ours.model, name, target, point) for name, point in runs.itertuples(index=False)]
    files = [ours.predictions.get(key) for key in keys]
    runs, files = runs[[file is not None for file in files]], list(filter(None, files))
    if not files:
        return None
    tables = [pd.read_parquet(file, columns=COLUMNS) for file in files]
    kept = split or tables[0]["split"].iloc[0]
    tables = [table[table["split"] == kept].set_index("id") for table in tables]
    order = tables[0].index
    if not len(order):
        return None
    given = np.stack([table.loc[order, "prediction"].to_numpy() for table in tables])
    return Answers(runs.reset_index(drop=True), tables[0]["label"].to_numpy(), given)
