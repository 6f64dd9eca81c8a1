"""python -m benchmarks.sweep_engine FOLDER: all points of a sweep, as a workflow job runs them."""

import sys
from pathlib import Path

import yaml

from stilts.files.store import TrialStore
from stilts.jobs.finetune_targets import train_points
from stilts.jobs.trial import Claim, Trial, read_setting, run_shard, shard


def main(folder: Path) -> None:
    """Train every point of `spec.yaml` in the folder and publish its files there."""
    spec = yaml.safe_load((folder / "spec.yaml").read_text())
    paths = {"checkpoint": folder / "model", "data": folder / "data"}
    runs, predictions = (
        [f"{folder}/{kind}/{point}.{ending}" for point in spec["points"]]
        for kind, ending in (("runs", "json"), ("predictions", "parquet"))
    )
    setting = read_setting(spec["cell"], **paths, device="auto")

    def train(trials: list[Trial], claim: Claim):
        return train_points(
            setting,
            trials,
            claim,
            **paths,
            threads=1,  # as in the workflow: so small a model gains nothing from more
            store=folder / "store",
        )

    trials = shard(spec["cell"], runs, predictions)
    run_shard(setting, trials, train, TrialStore(folder / "store"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
