"""This part of the workflow fine-tunes every target at every grid point, and scores checkpoints.

REQUIRED INPUTS:
    the checkpoint of each chain, results/{scale}/data/{task}/
OUTPUTS:
    results/{scale}/{study}/runs/{model}/{chain}/{target}/{point}.json
    results/{scale}/{study}/predictions/{model}/{chain}/{target}/{point}.parquet
    results/{scale}/{study}/scores/{model}/{chain}/{task}.json
    results/{scale}/{study}/{runs,scores}.csv
    results/{scale}/{study}/epochs.csv    where a figure shows epochs
"""


localrules:
    collect_epochs,
    collect_runs,


# One rule for each part of a set of points; a model's pattern looks ahead to the chain and target,
# so that each cell has the rules of its own points. Of chains that differ in their seed alone
# `chain` is the name without it, and one job walks them all. A part's files do not depend on how the points
# are cut, and its parameters do not mention the part: another `trials_per_job` reruns nothing.
# The scale is spelled out: Snakemake finds the rule of a file by the fixed start of its path.
for PART in LAYOUT.parts:

    rule:
        name:
            PART.rule
        input:
            checkpoints=lambda w, part=PART: [
                LAYOUT.checkpoint(part.study, w.model, w.chain + mark, MANIFEST)
                for mark in part.marks
            ],
            weights=lambda w, part=PART: [
                ancient(LAYOUT.checkpoint(part.study, w.model, w.chain + mark, WEIGHTS))
                for mark in part.marks
            ],
            data=f"results/{QUESTION.scale.name}/data/{{target}}/manifest.json",
        output:
            runs=PART.files(
                f"results/{QUESTION.scale.name}/{PART.study}/runs/{{model}}/{{chain}}<mark>/{{target}}/<point>.json"
            ),
            predictions=PART.files(
                f"results/{QUESTION.scale.name}/{PART.study}/predictions/{{model}}/{{chain}}<mark>/{{target}}/<point>.parquet"
            ),
        log:
            f"logs/{QUESTION.scale.name}/{PART.study}/{PART.rule}/{{model}}/{{chain}}/{{target}}.log",
        wildcard_constraints:
            model=PART.model,
        conda:
            "../../envs/train.yaml"
        params:
            # Of all walks alike but for the chain's seed, which the paths of the files say.
            spec=lambda w, part=PART: QUESTION.plans[part.study].target_spec(
                w.model, w.chain, w.target
            ),
            code=lambda w, part=PART: CODE.target(
                part.study, w.model, w.chain + part.marks[0], w.target
            ),
        script:
            "../scripts/finetune_targets.py"


rule score_checkpoint:
    input:
        checkpoint=lambda w: LAYOUT.checkpoint(w.study, w.model, w.chain, MANIFEST),
        weights=lambda w: ancient(LAYOUT.checkpoint(w.study, w.model, w.chain, WEIGHTS)),
        data="results/{scale}/data/{task}/manifest.json",
    output:
        score="results/{scale}/{study}/scores/{model}/{chain}/{task}.json",
        predictions="results/{scale}/{study}/scores/{model}/{chain}/{task}.parquet",
    log:
        "logs/{scale}/{study}/score_checkpoint/{model}/{chain}/{task}.log",
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.plans[wildcards.study].score_spec(
            wildcards.model, wildcards.chain, wildcards.task
        ),
        code=lambda wildcards: CODE.score(
            wildcards.study, wildcards.model, wildcards.chain, wildcards.task
        ),
    script:
        "../scripts/score_checkpoint.py"


rule collect_runs:
    input:
        asked=lambda wildcards: TARGETS.asked_runs(wildcards.study),
        scores=lambda wildcards: LAYOUT.scores(wildcards.study),
    output:
        runs="results/{scale}/{study}/runs.csv",
        scores="results/{scale}/{study}/scores.csv",
    log:
        "logs/{scale}/{study}/collect_runs.log",
    conda:
        "../../envs/report.yaml"
    params:
        cells=lambda wildcards: LAYOUT.collected_runs(wildcards.study),
        wanted=lambda wildcards: ARTEFACTS.runs_of(wildcards.study),
        axes=lambda wildcards: QUESTION.plans[wildcards.study].axes,
        scores=lambda wildcards, input: list(input.scores),
        code=fingerprint("workflow/scripts/collect_runs.py"),
    script:
        "../scripts/collect_runs.py"


rule collect_epochs:
    input:
        # Which has refused the runs of another question.
        runs="results/{scale}/{study}/runs.csv",
        asked=lambda wildcards: TARGETS.asked_runs(wildcards.study),
    output:
        "results/{scale}/{study}/epochs.csv",
    log:
        "logs/{scale}/{study}/collect_epochs.log",
    conda:
        "../../envs/report.yaml"
    params:
        cells=lambda wildcards: LAYOUT.collected_runs(wildcards.study),
        code=fingerprint("workflow/scripts/collect_epochs.py"),
    script:
        "../scripts/collect_epochs.py"
