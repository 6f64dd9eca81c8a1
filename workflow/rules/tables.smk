"""This part of the workflow turns runs into the paper's tables, ours beside the printed numbers.

REQUIRED INPUTS:
    results/{scale}/{study}/{runs,scores}.csv, studies/{study}/published.csv
OUTPUTS:
    results/{scale}/{study}/tables/{table}.{csv,md,tex}
"""


localrules:
    make_table,


rule make_table:
    input:
        runs="results/{scale}/{study}/runs.csv",
        zero_shot="results/{scale}/{study}/scores.csv",
        data=lambda w: LAYOUT.study_data(w.study),
        published="studies/{study}/published.csv",
    output:
        csv="results/{scale}/{study}/tables/{table}.csv",
        md="results/{scale}/{study}/tables/{table}.md",
        tex="results/{scale}/{study}/tables/{table}.tex",
    log:
        "logs/{scale}/{study}/make_table/{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        spec=lambda w: LAYOUT.table(w.study, w.table),
        facts=lambda w: QUESTION.plans[w.study].report_facts(),
        inputs=lambda wildcards, input: list(input),
        code=lambda w: fingerprint(
            "workflow/scripts/make_table.py", LAYOUT.table_module(w.study, w.table)
        ),
    script:
        "../scripts/make_table.py"
