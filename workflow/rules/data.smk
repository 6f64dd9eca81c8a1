"""This part of the workflow brings every task into canonical rows.

REQUIRED INPUTS:
    the hub, a mirror folder or the reader's files; for miniature tasks nothing
OUTPUTS:
    results/{scale}/data/{task}/{train,<each scored split>}.parquet
    results/{scale}/data/{task}/manifest.json    counts, digests, origin, audit
"""


# On a cluster these run on the login node: its other nodes have no network, and they are quick.
localrules:
    fetch_task,
    make_task,
    derive_task,


rule fetch_task:
    output:
        train="results/{scale}/data/{task}/train.parquet",
        manifest="results/{scale}/data/{task}/manifest.json",
    log:
        "logs/{scale}/fetch_task/{task}.log",
    wildcard_constraints:
        task=LAYOUT.tasks_made_by("fetch_task"),
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.task_spec(wildcards.task),
        code=lambda wildcards: CODE.task(wildcards.task),
        content=lambda wildcards: OUTSIDE.task(wildcards.task),
    script:
        "../scripts/fetch_task.py"


rule make_task:
    output:
        train="results/{scale}/data/{task}/train.parquet",
        manifest="results/{scale}/data/{task}/manifest.json",
    log:
        "logs/{scale}/make_task/{task}.log",
    wildcard_constraints:
        task=LAYOUT.tasks_made_by("make_task"),
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.task_spec(wildcards.task),
        code=lambda wildcards: CODE.task(wildcards.task),
    script:
        "../scripts/make_task.py"


rule derive_task:
    input:
        parent=lambda wildcards: LAYOUT.parent_data(wildcards.task),
    output:
        train="results/{scale}/data/{task}/train.parquet",
        manifest="results/{scale}/data/{task}/manifest.json",
    log:
        "logs/{scale}/derive_task/{task}.log",
    wildcard_constraints:
        task=LAYOUT.tasks_made_by("derive_task"),
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.task_spec(wildcards.task),
        code=lambda wildcards: CODE.task(wildcards.task),
    script:
        "../scripts/derive_task.py"


rule generate_synthesis:
    input:
        parent=lambda wildcards: LAYOUT.parent_data(wildcards.task),
        model=lambda wildcards: LAYOUT.generator_model(wildcards.task),
    output:
        train="results/{scale}/data/{task}/train.parquet",
        manifest="results/{scale}/data/{task}/manifest.json",
    log:
        "logs/{scale}/generate_synthesis/{task}.log",
    wildcard_constraints:
        task=LAYOUT.tasks_made_by("generate_synthesis"),
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda wildcards: QUESTION.task_spec(wildcards.task),
        code=lambda wildcards: CODE.task(wildcards.task),
    script:
        "../scripts/generate_synthesis.py"
