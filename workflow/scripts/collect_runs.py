"""Collect a study's run files into two tidy tables."""

from itertools import product
from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.collect import collect_runs, collect_scores
    from stilts.files.store import TrialStore

    sets = snakemake.params.cells
    runs = [f"{cell}/{point}.json" for cells in sets for cell, point in product(*cells)]
    collect_runs(runs, Path(snakemake.output.runs), TrialStore(), snakemake.params.axes)
    collect_scores(snakemake.input.scores, Path(snakemake.output.scores))
