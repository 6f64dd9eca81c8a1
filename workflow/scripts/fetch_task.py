"""Fetch a task from the hub, a mirror or files, as canonical rows."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import DATA

with job(snakemake.log[0], preloaded=DATA):
    from stilts.files.asked import with_asked
    from stilts.jobs.fetch_task import fetch_task

    fetch_task(with_asked(snakemake.params), Path(snakemake.output.manifest).parent)
