"""List what no question can use any more, with sizes; delete nothing."""

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.commands.prune import find, prune_text

    print(prune_text(find(snakemake.params.config), "would free"))
