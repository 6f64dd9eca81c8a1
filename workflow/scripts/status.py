"""Print what is done, at work, waiting and failed, and what to type next."""

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.commands.status import status_text
    from stilts.files.store import Store

    print(status_text(snakemake.params.outline, Store()))
