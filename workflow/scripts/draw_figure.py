"""Draw one figure of a study, with its numbers beside it."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.figures.drawing import draw_and_write
    from stilts.evidence.results import read_inputs

    facts = snakemake.params.facts
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
    draw_and_write(inputs, snakemake.params.spec, Path(snakemake.output.png).with_suffix(""))
