"""This part of the workflow says what is asked, what it would cost, and what came out.

REQUIRED INPUTS:
    the question; for the report every table and figure
OUTPUTS:
    results/{scale}/config.yaml, results/{scale}/report.html
"""


localrules:
    plan,
    record_question,
    write_report,


rule plan:
    """Print what would run, how much of it the store holds, hours and disk; run nothing."""
    log:
        f"logs/{QUESTION.scale.name}/plan.log",
    conda:
        "../../envs/train.yaml"
    params:
        plan=lambda w: lay_out(LAYOUT),
    script:
        "../scripts/plan.py"


rule record_question:
    output:
        "results/{scale}/config.yaml",
    log:
        "logs/{scale}/record_question.log",
    conda:
        "../../envs/report.yaml"
    params:
        question=QUESTION.record(),
        code=fingerprint("workflow/scripts/record_question.py"),
    script:
        "../scripts/record_question.py"


rule write_report:
    input:
        template="workflow/report/page.html",
        question="results/{scale}/config.yaml",
        tables=LAYOUT.tables(),
        figures=LAYOUT.figures(),
    output:
        "results/{scale}/report.html",
    log:
        "logs/{scale}/write_report.log",
    conda:
        "../../envs/report.yaml"
    params:
        studies=LAYOUT.titles(),
        code=fingerprint("workflow/scripts/write_report.py"),
    script:
        "../scripts/write_report.py"
