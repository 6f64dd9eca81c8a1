"""Print what would run, how much of it the store holds, hours and disk."""

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.commands.plan import plan_text
    from stilts.files.store import Store

    print(plan_text(snakemake.params.plan, Store(), snakemake.config["device"]))
