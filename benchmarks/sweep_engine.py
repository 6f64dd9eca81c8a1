"""python -m benchmarks.sweep_engine FOLDER: all points of a sweep, as a workflow job runs them."""

import sys
from pathlib import Path

import yaml

from stilts.files.store import Store
from stilts.jobs.finetune_targets import finetune_targets
from stilts.machine.handling import Handling


def main(folder: Path) -> None:
    """Train every point of `spec.yaml` in the folder and publish its files there."""
    spec = yaml.safe_load((folder / "spec.yaml").read_text(encoding="utf-8"))
    runs, predictions = (
        [f"{folder}/{kind}/{point}.{ending}" for point in spec["points"]]
        for kind, ending in (("runs", "json"), ("predictions", "parquet"))
    )
    finetune_targets(
        spec["cell"],
        runs,
        predictions,
        checkpoint=folder / "model",
        data=folder / "data",
        # As in the workflow: so small a model gains nothing from more threads.
        handling=Handling(threads=1, device="auto"),
        store=Store(folder / "store"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
