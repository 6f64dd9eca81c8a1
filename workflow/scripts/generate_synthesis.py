"""Let a language model write wrong endings, and build a multiple-choice task of them."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0], preloaded=True):
    from stilts.jobs.generate_synthesis import sampler
    from stilts.machine.gpus import take_gpu
    from stilts.tasks.rows import derive_task

    take_gpu(snakemake.config["device"], snakemake.config["trials_per_gpu"])
    derive_task(
        snakemake.params.spec,
        Path(snakemake.input.parent).parent,
        Path(snakemake.output.manifest).parent,
        sample=sampler(
            Path(snakemake.input.model).parent,
            device=snakemake.config["device"],
            threads=snakemake.threads,
        ),
    )
