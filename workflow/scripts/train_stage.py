"""Fine-tune a checkpoint on the last stage of its chain."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0], preloaded=True):
    from stilts.jobs.train_stage import train_stage
    from stilts.jobs.trial import read_setting
    from stilts.machine.gpus import take_gpu

    spec, parent = snakemake.params.spec, Path(snakemake.input.checkpoint).parent
    data = Path(snakemake.input.data[0]).parent
    take_gpu(snakemake.config["device"], snakemake.config["trials_per_gpu"])
    train_stage(
        spec,
        read_setting(spec, parent, data, snakemake.config["device"], "stilts.jobs.train_stage"),
        parent=parent,
        data=data,
        folder=Path(snakemake.output.manifest).parent,
        threads=snakemake.threads,
        minutes=snakemake.config["snapshot_minutes"],
        graphs=snakemake.config["cuda_graphs"] == "auto",
    )
