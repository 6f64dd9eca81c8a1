"""Pretrain a stand-in for a model on a corpus."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import MODELS

with job(snakemake.log[0], preloaded=MODELS):
    from stilts.files.asked import with_asked
    from stilts.jobs.pretrain_model import pretrain_model
    from stilts.machine.handling import Handling

    pretrain_model(
        with_asked(snakemake.params),
        corpus=Path(snakemake.input.corpus).parent,
        folder=Path(snakemake.output.manifest).parent,
        handling=Handling.read(snakemake.config, snakemake.threads),
    )
