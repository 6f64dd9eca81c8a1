"""Delete what no question can use any more."""

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.commands.prune import delete, find, prune_text

    groups = find(snakemake.params.config)
    freed = prune_text(groups, "freed")
    delete(groups)
    print(freed)
