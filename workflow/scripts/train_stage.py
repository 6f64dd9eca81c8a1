"""Fine-tune a checkpoint on the last stage of its chain."""

from pathlib import Path

from stilts.machine.job import job
from stilts.machine.preload import MODELS

with job(snakemake.log[0], preloaded=MODELS):
    from stilts.files.asked import with_asked
    from stilts.jobs.train_stage import train_stage
    from stilts.machine.handling import Handling

    folders = [Path(manifest).parent for manifest in snakemake.input.data]
    train_stage(
        with_asked(snakemake.params),
        parent=Path(snakemake.input.checkpoint).parent,
        data={folder.name: folder for folder in folders},
        folder=Path(snakemake.output.manifest).parent,
        handling=Handling.read(snakemake.config, snakemake.threads),
    )
