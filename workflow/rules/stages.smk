"""This part of the workflow walks models along their chains, one stage a job.

REQUIRED INPUTS:
    results/{scale}/models/{model}/ or the checkpoint one stage earlier
    results/{scale}/data/{task}/ of the tasks that it trains on, then of those it watches
OUTPUTS:
    results/{scale}/{study}/checkpoints/{model}/{chain}/{model.safetensors,manifest.json}
"""


rule train_stage:
    input:
        # Weights are large and would be compared by time stamp; the manifest holds their digest.
        checkpoint=lambda w: LAYOUT.parent_checkpoint(w.study, w.model, w.chain, MANIFEST),
        weights=lambda w: ancient(LAYOUT.parent_checkpoint(w.study, w.model, w.chain, WEIGHTS)),
        data=lambda wildcards: LAYOUT.stage_data(wildcards.study, wildcards.chain),
    output:
        weights="results/{scale}/{study}/checkpoints/{model}/{chain}/model.safetensors",
        manifest="results/{scale}/{study}/checkpoints/{model}/{chain}/manifest.json",
    log:
        "logs/{scale}/{study}/train_stage/{model}/{chain}.log",
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.plans[wildcards.study].stage_spec(
            wildcards.model, wildcards.chain
        ),
        code=lambda wildcards: CODE.stage(wildcards.study, wildcards.model, wildcards.chain),
    script:
        "../scripts/train_stage.py"
