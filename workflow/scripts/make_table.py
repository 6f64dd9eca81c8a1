"""Build one table of a study."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.read import read_inputs
    from stilts.evidence.tables.writer import build_and_write

    rows, spec = snakemake.params.rows, snakemake.params.spec
    inputs = read_inputs(snakemake.wildcards.study, rows=rows, **snakemake.input)
    build_and_write(inputs, spec, Path(snakemake.output.csv).with_suffix(""))
