"""Collect a study's run files into two tidy tables."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.collect import collect_runs, collect_zero_shot
    from stilts.files.store import TrialStore

    cells, points = snakemake.params.cells, snakemake.params.points
    runs = [f"{cell}/{point}.json" for cell in cells for point in points]
    collect_runs(runs, Path(snakemake.output.runs), TrialStore())
    collect_zero_shot(snakemake.input.zero_shot, Path(snakemake.output.zero_shot))
