"""Draw one figure of a study, with its numbers beside it."""

import importlib
from pathlib import Path

from stilts.job import job

with job(snakemake.log[0]):
    from stilts.figures.style import write_figure
    from stilts.manifest import write_atomic
    from stilts.tables.inputs import read_inputs

    spec, facts = snakemake.params.spec, snakemake.params.facts
    examples = {Path(file).parent.name: Path(file).parent for file in snakemake.input.examples}
    inputs = read_inputs(
        published=snakemake.input.published,
        runs=snakemake.input.runs,
        zero_shot=snakemake.input.zero_shot,
        manifests=list(snakemake.input.data),
        label=facts["label"],
        settings=facts,
        titles=facts["titles"],
        examples={task: folder / "validation.parquet" for task, folder in examples.items()},
    )
    kind = importlib.import_module(f"stilts.figures.{spec['kind']}")
    table = kind.tabulate(inputs, spec)
    write_figure(Path(snakemake.output.png).with_suffix(""), kind.draw(table, spec))
    write_atomic(snakemake.output.csv, table.to_csv(index=False, lineterminator="\n"))
