"""This part of the workflow fine-tunes every target at every grid point, and scores it.

REQUIRED INPUTS:
    the checkpoint of each chain, results/{scale}/data/{target}/
OUTPUTS:
    results/{scale}/{study}/runs/{model}/{chain}/{target}/{point}.json
    results/{scale}/{study}/predictions/{model}/{chain}/{target}/{point}.parquet
    results/{scale}/{study}/zero_shot/{model}/{chain}/{target}.json
    results/{scale}/{study}/{runs,zero_shot}.csv
"""


localrules:
    collect_runs,


# One rule for each part of a grid. A part's files do not depend on how the grid is cut, and its
# parameters do not mention the part, so another `trials_per_job` reruns nothing.
# The scale is spelled out: Snakemake finds the rule of a file by the fixed start of its path.
for PART in LAYOUT.parts():

    rule:
        name:
            PART.rule
        input:
            checkpoint=lambda w, study=PART.study: LAYOUT.checkpoint(
                study, w.model, w.chain, MANIFEST
            ),
            weights=lambda w, study=PART.study: ancient(
                LAYOUT.checkpoint(study, w.model, w.chain, WEIGHTS)
            ),
            data=f"results/{QUESTION.scale.name}/data/{{target}}/manifest.json",
        output:
            runs=expand(
                "results/{scale}/{study}/runs/{{model}}/{{chain}}/{{target}}/{point}.json",
                scale=QUESTION.scale.name,
                study=PART.study,
                point=PART.points,
            ),
            predictions=expand(
                "results/{scale}/{study}/predictions/{{model}}/{{chain}}/{{target}}/{point}.parquet",
                scale=QUESTION.scale.name,
                study=PART.study,
                point=PART.points,
            ),
        log:
            f"logs/{QUESTION.scale.name}/{PART.study}/{PART.rule}/{{model}}/{{chain}}/{{target}}.log",
        conda:
            "../../envs/train.yaml"
        params:
            spec=lambda wildcards, study=PART.study: QUESTION.plans[study].target_spec(
                wildcards.model, wildcards.chain, wildcards.target
            ),
            code=fingerprint("workflow/scripts/finetune_targets.py"),
        script:
            "../scripts/finetune_targets.py"


rule score_zero_shot:
    input:
        checkpoint=lambda w: LAYOUT.checkpoint(w.study, w.model, w.chain, MANIFEST),
        weights=lambda w: ancient(LAYOUT.checkpoint(w.study, w.model, w.chain, WEIGHTS)),
        data="results/{scale}/data/{target}/manifest.json",
    output:
        score="results/{scale}/{study}/zero_shot/{model}/{chain}/{target}.json",
        predictions="results/{scale}/{study}/zero_shot/{model}/{chain}/{target}.parquet",
    log:
        "logs/{scale}/{study}/score_zero_shot/{model}/{chain}/{target}.log",
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.plans[wildcards.study].zero_shot_spec(
            wildcards.model, wildcards.chain, wildcards.target
        ),
        code=fingerprint("workflow/scripts/score_zero_shot.py"),
    script:
        "../scripts/score_zero_shot.py"


rule collect_runs:
    input:
        asked=lambda wildcards: LAYOUT.asked_runs(wildcards.study),
        zero_shot=lambda wildcards: LAYOUT.study_zero_shot(wildcards.study),
    output:
        runs="results/{scale}/{study}/runs.csv",
        zero_shot="results/{scale}/{study}/zero_shot.csv",
    log:
        "logs/{scale}/{study}/collect_runs.log",
    conda:
        "../../envs/report.yaml"
    params:
        cells=lambda wildcards: LAYOUT.run_folders(wildcards.study),
        points=lambda wildcards: list(QUESTION.plans[wildcards.study].points),
        zero_shot=lambda wildcards, input: list(input.zero_shot),
        code=fingerprint("workflow/scripts/collect_runs.py"),
    script:
        "../scripts/collect_runs.py"
