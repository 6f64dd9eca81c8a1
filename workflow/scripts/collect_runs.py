"""Collect a study's run files and scores into two tidy tables."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.collect import collect_runs, collect_scores
    from stilts.files.store import Store

    params, output = snakemake.params, snakemake.output
    runs = [
        f"{folder}/{point}.json"
        for cells in params.cells
        for folder in cells["folders"]
        for point in cells["points"]
    ]
    collect_runs(runs, Path(output.runs), Store().trials, params.axes)
    collect_scores(params.scores, Path(output.scores))
