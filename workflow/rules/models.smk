"""This part of the workflow brings every model to its starting checkpoint.

REQUIRED INPUTS:
    the hub or a local folder; for a pretrained stand-in results/{scale}/data/{corpus}/
OUTPUTS:
    results/{scale}/models/{model}/                 save_pretrained layout, safetensors
    results/{scale}/models/{model}/manifest.json    origin, digests, parameter count
"""


# On a cluster it runs on the login node: the other nodes have no network.
localrules:
    fetch_model,


rule fetch_model:
    output:
        weights="results/{scale}/models/{model}/model.safetensors",
        manifest="results/{scale}/models/{model}/manifest.json",
    log:
        "logs/{scale}/fetch_model/{model}.log",
    wildcard_constraints:
        model=LAYOUT.models_made_by("fetch_model"),
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.model_spec(wildcards.model),
        code=lambda wildcards: CODE.model(wildcards.model),
        content=lambda wildcards: OUTSIDE.model(wildcards.model),
    script:
        "../scripts/fetch_model.py"


rule pretrain_model:
    input:
        corpus=lambda wildcards: LAYOUT.pretraining_corpus(wildcards.model),
    output:
        weights="results/{scale}/models/{model}/model.safetensors",
        manifest="results/{scale}/models/{model}/manifest.json",
    log:
        "logs/{scale}/pretrain_model/{model}.log",
    wildcard_constraints:
        model=LAYOUT.models_made_by("pretrain_model"),
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.model_spec(wildcards.model),
        code=lambda wildcards: CODE.model(wildcards.model),
        content=lambda wildcards: OUTSIDE.model(wildcards.model),
    script:
        "../scripts/pretrain_model.py"
