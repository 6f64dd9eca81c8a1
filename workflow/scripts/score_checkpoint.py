"""Score a checkpoint on a task as it is."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0], preloaded=True):
    from stilts.jobs.train_stage import score_checkpoint
    from stilts.jobs.trial import read_setting
    from stilts.machine.gpus import take_gpu

    spec = snakemake.params.spec
    folders = {key: Path(snakemake.input[key]).parent for key in ("checkpoint", "data")}
    take_gpu(snakemake.config["device"], snakemake.config["trials_per_gpu"])
    score_checkpoint(
        spec,
        read_setting(
            spec, **folders, device=snakemake.config["device"], entry="stilts.jobs.train_stage"
        ),
        **folders,
        score=Path(snakemake.output.score),
        predictions=Path(snakemake.output.predictions),
        threads=snakemake.threads,
    )
