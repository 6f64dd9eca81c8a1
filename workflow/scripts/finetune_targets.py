"""Fine-tune and score a target at the grid points of this job that no earlier job finished."""

from pathlib import Path

from stilts.machine.job import job

with job(snakemake.log[0], preloaded=True):
    from stilts.files.store import TrialStore
    from stilts.jobs.trial import read_setting, run_shard, shard
    from stilts.machine.gpus import take_gpu

    def train_missing(trials, claim):
        take_gpu(config["device"], config["trials_per_gpu"])
        # torch: not needed when the store has all
        from stilts.jobs.finetune_targets import train_points

        options = {"threads": snakemake.threads, "minutes": config["snapshot_minutes"]}
        graphs = config["cuda_graphs"] == "auto"
        return train_points(setting, trials, claim, **folders, **options, graphs=graphs)

    spec, config = snakemake.params.spec, snakemake.config
    folders = {key: Path(snakemake.input[key]).parent for key in ("checkpoint", "data")}
    setting = read_setting(spec, **folders, device=config["device"])
    trials = shard(spec, snakemake.output.runs, snakemake.output.predictions)
    run_shard(setting, trials, train_missing, TrialStore())
