"""Print three rows of a task as a model reads them."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.errors import UserError

    if not snakemake.input:
        known = ", ".join(snakemake.params.spec["tasks"])
        raise UserError(f"preview: which task? --config task=<name>, one of {known}")
    from stilts.jobs.preview import preview

    print(preview(snakemake.params.spec, *(Path(file).parent for file in snakemake.input)))
