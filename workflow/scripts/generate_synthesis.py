"""Let a language model write wrong endings, and build a multiple-choice task of them."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import MODELS

with job(snakemake.log[0], preloaded=MODELS):
    from stilts.files.asked import with_asked
    from stilts.jobs.generate_synthesis import generate_synthesis
    from stilts.machine.handling import Handling

    generate_synthesis(
        with_asked(snakemake.params),
        parent=Path(snakemake.input.parent).parent,
        model=Path(snakemake.input.model).parent,
        folder=Path(snakemake.output.manifest).parent,
        handling=Handling.read(snakemake.config, snakemake.threads),
    )
