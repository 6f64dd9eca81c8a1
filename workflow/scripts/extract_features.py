"""Extract what a checkpoint makes of a task's texts before it is fine-tuned on it."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import MODELS

with job(snakemake.log[0], preloaded=MODELS):
    from stilts.files.asked import with_asked
    from stilts.jobs.extract_features import extract_features
    from stilts.machine.handling import Handling

    extract_features(
        with_asked(snakemake.params),
        checkpoint=Path(snakemake.input.checkpoint).parent,
        data=Path(snakemake.input.data).parent,
        record=Path(snakemake.output.record),
        features=Path(snakemake.output.features),
        handling=Handling.read(snakemake.config, snakemake.threads),
    )
