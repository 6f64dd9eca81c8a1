"""Estimate what every chain of a study would give to every target, from features alone."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.estimates import write_estimates

    write_estimates(snakemake.params.cells, Path(snakemake.output[0]))
