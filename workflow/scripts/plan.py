"""Print what would run, how much of it the store holds, hours and disk."""

from stilts.job import job

with job(snakemake.log[0]):
    from stilts.planning import plan_text
    from stilts.store import TrialStore

    print(plan_text(snakemake.params.plan, TrialStore(), snakemake.config["device"]))
