"""Pose a task in the miniature language, as canonical rows."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import DATA

with job(snakemake.log[0], preloaded=DATA):
    from stilts.files.asked import with_asked
    from stilts.jobs.make_task import make_task

    make_task(with_asked(snakemake.params), Path(snakemake.output.manifest).parent)
