"""Pretrain a stand-in for a model on a corpus."""

from pathlib import Path

from stilts.job import job
from stilts.preload import hand_over

hand_over()

with job(snakemake.log[0]):
    from stilts.standin import pretrain_model

    pretrain_model(
        snakemake.params.spec,
        corpus=Path(snakemake.input.corpus).parent,
        folder=Path(snakemake.output.manifest).parent,
        threads=snakemake.threads,
        minutes=snakemake.config["snapshot_minutes"],
    )
