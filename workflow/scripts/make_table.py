"""Build one table of a study."""

import importlib
from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.results import read_inputs
    from stilts.evidence.tables.writer import write_table

    spec, facts = snakemake.params.spec, snakemake.params.facts
    inputs = read_inputs(
        published=snakemake.input.published,
        runs=snakemake.input.runs,
        zero_shot=snakemake.input.zero_shot,
        manifests=list(snakemake.input.data),
        label=facts["label"],
        settings=facts,
        titles=facts["titles"],
    )
    kind = importlib.import_module(f"stilts.evidence.tables.{spec['kind']}")
    stem = Path(snakemake.output.csv).with_suffix("")
    write_table(stem, kind.build(inputs, spec), spec, inputs.footer)
