"""Draw one figure of a study, with its numbers beside it."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import EVIDENCE

with job(snakemake.log[0], preloaded=EVIDENCE):
    from stilts.evidence.figures.drawing import draw_and_write
    from stilts.evidence.read import read_inputs

    rows, spec = snakemake.params.rows, snakemake.params.spec
    inputs = read_inputs(snakemake.wildcards.study, rows=rows, **snakemake.input)
    draw_and_write(inputs, spec, Path(snakemake.output.png).with_suffix(""))
