"""This part of the workflow says what is asked, what it would cost, and what came out.

REQUIRED INPUTS:
    the question; for the report every table and figure
OUTPUTS:
    results/{scale}/config.yaml, results/{scale}/report.html
"""


localrules:
    plan,
    prune,
    prune_delete,
    record_question,
    status,
    write_report,


rule plan:
    """Print what would run, how much of it the store holds, hours and disk; run nothing."""
    log:
        f"logs/{QUESTION.scale.name}/plan.log",
    conda:
        "../../envs/train.yaml"
    params:
        plan=beside_a_run(lay_out),
    script:
        "../scripts/plan.py"


rule status:
    """Print what is done, at work, waiting and failed, and what to type next."""
    log:
        f"logs/{QUESTION.scale.name}/status.log",
    conda:
        "../../envs/train.yaml"
    params:
        outline=beside_a_run(outline),
    script:
        "../scripts/status.py"


rule prune:
    """List what no question can use any more, with sizes; delete nothing."""
    log:
        f"logs/{QUESTION.scale.name}/prune.log",
    conda:
        "../../envs/train.yaml"
    params:
        config=beside_a_run(lambda layout: dict(layout.question.config)),
    script:
        "../scripts/prune.py"


rule prune_delete:
    """Delete what `prune` lists."""
    log:
        f"logs/{QUESTION.scale.name}/prune_delete.log",
    conda:
        "../../envs/train.yaml"
    params:
        config=beside_a_run(lambda layout: dict(layout.question.config)),
    script:
        "../scripts/prune_delete.py"


rule record_question:
    output:
        "results/{scale}/config.yaml",
    log:
        "logs/{scale}/record_question.log",
    conda:
        "../../envs/report.yaml"
    params:
        question=record(QUESTION),
        code=fingerprint("workflow/scripts/record_question.py"),
    script:
        "../scripts/record_question.py"


rule write_report:
    input:
        template="workflow/report/page.html",
        question="results/{scale}/config.yaml",
        tables=TARGETS.tables(),
        figures=TARGETS.figures(),
    output:
        "results/{scale}/report.html",
    log:
        "logs/{scale}/write_report.log",
    conda:
        "../../envs/report.yaml"
    params:
        studies=TARGETS.titles(),
        inputs=lambda wildcards, input: list(input),
        code=fingerprint("workflow/scripts/write_report.py"),
    script:
        "../scripts/write_report.py"
