"""Write the page that shows every table, figure and run."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0]):
    from stilts.evidence.page.report import write_report

    write_report(
        Path(snakemake.output[0]),
        template=Path(snakemake.input.template[0]),
        question=Path(snakemake.input.question),
        studies=snakemake.params.studies,
        tables=snakemake.input.tables,
        figures=snakemake.input.figures,
    )
