"""This part of the workflow says what would run, what is done, and what nobody needs any more.

REQUIRED INPUTS:
    the question
OUTPUTS:
    none; each rule prints, `preview` after the data are there
"""


localrules:
    plan,
    preview,
    prune,
    prune_delete,
    status,


rule plan:
    """Print what would run, how much of it the store holds, hours and disk; run nothing."""
    log:
        f"logs/{QUESTION.scale.name}/plan.log",
    conda:
        "../../envs/train.yaml"
    params:
        plan=lambda w: lay_out_within(LAYOUT, lambda: ARTEFACTS.wanted),
    script:
        "../scripts/plan.py"


rule preview:
    """Print three rows of `--config task=<name>` as a model reads them, and what truncation cuts."""
    input:
        lambda w: preview_inputs(LAYOUT),
    log:
        f"logs/{QUESTION.scale.name}/preview.log",
    conda:
        "../../envs/train.yaml"
    params:
        spec=lambda w: preview_spec(LAYOUT),
    script:
        "../scripts/preview.py"


rule status:
    """Print what is done, at work, waiting and failed, and what to type next."""
    log:
        f"logs/{QUESTION.scale.name}/status.log",
    conda:
        "../../envs/train.yaml"
    params:
        outline=lambda w: outline(LAYOUT, lambda: ARTEFACTS.wanted),
    script:
        "../scripts/status.py"


rule prune:
    """List what no question can use any more, with sizes; delete nothing."""
    log:
        f"logs/{QUESTION.scale.name}/prune.log",
    conda:
        "../../envs/train.yaml"
    params:
        config=lambda w: dict(QUESTION.config),
    script:
        "../scripts/prune.py"


rule prune_delete:
    """Delete what `prune` lists."""
    log:
        f"logs/{QUESTION.scale.name}/prune_delete.log",
    conda:
        "../../envs/train.yaml"
    params:
        config=lambda w: dict(QUESTION.config),
    script:
        "../scripts/prune_delete.py"
