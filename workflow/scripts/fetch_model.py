"""Bring a pretrained model from the hub or a local folder."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.files.asked import with_asked
    from stilts.jobs.fetch_model import fetch_model

    fetch_model(with_asked(snakemake.params), Path(snakemake.output.manifest).parent)
