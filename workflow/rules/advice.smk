"""This part of the workflow ranks the chains of a study for each target before that is trained.

REQUIRED INPUTS:
    the checkpoint of each chain, results/{scale}/data/{task}/train.parquet
OUTPUTS:
    results/{scale}/{study}/features/{model}/{chain}/{task}.{parquet,json}
    results/{scale}/{study}/estimates.csv    what every estimator says; no run file is read
"""


localrules:
    advise,
    estimate_transfers,


rule extract_features:
    input:
        checkpoint=lambda w: LAYOUT.checkpoint(w.study, w.model, w.chain, MANIFEST),
        weights=lambda w: ancient(LAYOUT.checkpoint(w.study, w.model, w.chain, WEIGHTS)),
        data="results/{scale}/data/{task}/manifest.json",
    output:
        features="results/{scale}/{study}/features/{model}/{chain}/{task}.parquet",
        record="results/{scale}/{study}/features/{model}/{chain}/{task}.json",
    log:
        "logs/{scale}/{study}/extract_features/{model}/{chain}/{task}.log",
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda w: feature_spec(QUESTION.plans[w.study], Cell(w.model, w.chain, w.task)),
        code=lambda w: CODE.features(w.study, w.model, w.chain, w.task),
    script:
        "../scripts/extract_features.py"


rule estimate_transfers:
    input:
        lambda w: LAYOUT.all_features(w.study),
    output:
        "results/{scale}/{study}/estimates.csv",
    log:
        "logs/{scale}/{study}/estimate_transfers.log",
    conda:
        "../../envs/train.yaml"
    params:
        cells=lambda w: LAYOUT.estimated(w.study),
        inputs=lambda wildcards, input: list(input),
        code=CODE.estimates(),
    script:
        "../scripts/estimate_transfers.py"


rule advise:
    """Print which intermediate tasks to take for each target, before any run of it."""
    input:
        lambda w: [LAYOUT.question_file(), *TARGETS.estimates()],
    log:
        f"logs/{QUESTION.scale.name}/advise.log",
    conda:
        "../../envs/report.yaml"
    params:
        studies=lambda w: advise_spec(LAYOUT, ARTEFACTS),
    script:
        "../scripts/advise.py"
