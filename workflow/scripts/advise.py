"""Print which intermediate tasks to take for each target."""

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.commands.advise import advice_text

    print(advice_text(snakemake.params.studies))
