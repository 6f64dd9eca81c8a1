"""Score a checkpoint on a task, seen or unseen, without training."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import MODELS

with job(snakemake.log[0], preloaded=MODELS):
    from stilts.files.asked import with_asked
    from stilts.jobs.score_checkpoint import score_checkpoint
    from stilts.machine.handling import Handling

    score_checkpoint(
        with_asked(snakemake.params),
        checkpoint=Path(snakemake.input.checkpoint).parent,
        data=Path(snakemake.input.data).parent,
        score=Path(snakemake.output.score),
        predictions=Path(snakemake.output.predictions),
        handling=Handling.read(snakemake.config, snakemake.threads),
    )
