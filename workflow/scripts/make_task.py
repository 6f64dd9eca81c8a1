"""Pose a task in the miniature language, as canonical rows."""

from pathlib import Path

from stilts.job import job

with job(snakemake.log[0]):
    from stilts.data import make_task

    make_task(snakemake.params.spec, Path(snakemake.output.manifest).parent)
