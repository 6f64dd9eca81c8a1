"""Build one table of a study."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import EVIDENCE

with job(snakemake.log[0], preloaded=EVIDENCE):
    from stilts.evidence.read import read_inputs
    from stilts.evidence.tables.writer import build_and_write

    rows, spec = snakemake.params.rows, snakemake.params.spec
    inputs = read_inputs(snakemake.wildcards.study, rows=rows, **snakemake.input)
    build_and_write(inputs, spec, Path(snakemake.output.csv).with_suffix(""))
