"""Fine-tune a checkpoint on the last stage of its chain."""

from pathlib import Path

from stilts.job import job

with job(snakemake.log[0], preloaded=True):
    from stilts.gpus import take_gpu
    from stilts.stages import train_stage
    from stilts.trial import read_setting

    spec, parent = snakemake.params.spec, Path(snakemake.input.checkpoint).parent
    data = Path(snakemake.input.data[0]).parent
    take_gpu(snakemake.config["device"], snakemake.config["trials_per_gpu"])
    train_stage(
        spec,
        read_setting(spec, parent, data, snakemake.config["device"], "stilts.stages"),
        parent=parent,
        data=data,
        folder=Path(snakemake.output.manifest).parent,
        threads=snakemake.threads,
        minutes=snakemake.config["snapshot_minutes"],
        graphs=snakemake.config["cuda_graphs"] == "auto",
    )
