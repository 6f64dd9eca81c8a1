"""Collect the epochs of a study's run files into one tidy table."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.epochs import collect_epochs

    collect_epochs(snakemake.params.cells, Path(snakemake.output[0]))
