"""Print three rows of a task as a model reads them."""

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.jobs.preview import preview

    print(preview(snakemake.params.spec, snakemake.input))
