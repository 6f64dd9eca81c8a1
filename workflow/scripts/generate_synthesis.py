"""Let a language model write wrong endings, and build a multiple-choice task of them."""

from pathlib import Path

from stilts.job import job

with job(snakemake.log[0]):
    from stilts.synthesis import generate_synthesis

    generate_synthesis(
        snakemake.params.spec,
        corpus=Path(snakemake.input.parent).parent,
        model=Path(snakemake.input.model).parent,
        folder=Path(snakemake.output.manifest).parent,
        device=snakemake.config["device"],
        threads=snakemake.threads,
    )
