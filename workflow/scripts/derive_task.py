"""Derive a task from the canonical rows of its parent."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import DATA

with job(snakemake.log[0], preloaded=DATA):
    from stilts.files.asked import with_asked
    from stilts.jobs.derive_task import derive_task

    derive_task(
        with_asked(snakemake.params),
        Path(snakemake.input.parent).parent,
        Path(snakemake.output.manifest).parent,
    )
