"""Collect a study's run files and scores into two tidy tables."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.collect import collect_runs, collect_scores
    from stilts.files.store import Store

    params, output = snakemake.params, snakemake.output
    collect_runs(params.cells, Path(output.runs), Store().trials, params.axes, params.wanted)
    collect_scores(snakemake.input.scores, Path(output.scores))
