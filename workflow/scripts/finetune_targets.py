"""Fine-tune and score a target at the grid points of this job that no earlier job finished."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import MODELS

with job(snakemake.log[0], preloaded=MODELS):
    from stilts.jobs.finetune_targets import finetune_walks
    from stilts.machine.handling import Handling

    finetune_walks(
        snakemake.params,
        snakemake.output.runs,
        snakemake.output.predictions,
        checkpoints=snakemake.input.checkpoints,
        data=Path(snakemake.input.data).parent,
        handling=Handling.read(snakemake.config, snakemake.threads),
    )
