"""How a job is to do its work: what changes no answer, but for the device, which is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Handling:
    """The reader's choices for jobs.

    Attributes:
        threads: CPU threads; a different number can change the last bits of a run.
        device: `auto`, `cpu` or `cuda`.
        trials_per_gpu: how many jobs may use one GPU at the same time.
        minutes: time between snapshots.
        graphs: replay recorded kernels on a GPU.
    """

    threads: int = 1
    device: str = "cpu"
    trials_per_gpu: int = 1
    minutes: float = 10.0
    graphs: bool = True

    @classmethod
    def read(cls, config: Mapping[str, Any], threads: int) -> Self:
        """Return what config.yaml says, for a job with so many threads."""
        return cls(
            threads=threads,
            device=config["device"],
            trials_per_gpu=config["trials_per_gpu"],
            minutes=config["snapshot_minutes"],
            graphs=config["cuda_graphs"] == "auto",
        )
