"""This part of the workflow turns runs into tables, figures and one page that shows them.

REQUIRED INPUTS:
    results/{scale}/{study}/{runs,scores}.csv, results/{scale}/data/{task}/
    studies/{study}/{published,inconsistencies}.csv, claims.yaml where a study has them
OUTPUTS:
    results/{scale}/config.yaml
    results/{scale}/{study}/tables/{table}.{csv,md,tex,runs.json}
    results/{scale}/{study}/figures/{figure}.{pdf,png,csv}
    results/{scale}/report.html
"""


localrules:
    draw_figure,
    make_table,
    record_question,
    write_report,


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


rule make_table:
    input:
        question="results/{scale}/config.yaml",
        runs="results/{scale}/{study}/runs.csv",
        scores="results/{scale}/{study}/scores.csv",
        data=lambda w: LAYOUT.study_data(w.study),
        prints=lambda w: LAYOUT.prints(w.study),
        predictions=lambda w: LAYOUT.predictions(w.study, "tables", w.table),
        estimates=lambda w: LAYOUT.asked_estimates(w.study, "tables", w.table),
        epochs=lambda w: LAYOUT.asked_epochs(w.study, "tables", w.table),
    output:
        csv=report(
            "results/{scale}/{study}/tables/{table}.csv",
            caption="../report/caption.rst",
            category="{study}",
            subcategory="tables",
            labels={"table": "{table}"},
        ),
        md="results/{scale}/{study}/tables/{table}.md",
        tex="results/{scale}/{study}/tables/{table}.tex",
        runs="results/{scale}/{study}/tables/{table}.runs.json",
    log:
        "logs/{scale}/{study}/make_table/{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        spec=lambda w: LAYOUT.table(w.study, w.table),
        rows=lambda w: LAYOUT.reports[w.study].get("rows", []),
        inputs=lambda wildcards, input: list(input),
        code=lambda w: CODE.table(w.study, LAYOUT.table(w.study, w.table)["kind"]),
    script:
        "../scripts/make_table.py"


rule draw_figure:
    input:
        question="results/{scale}/config.yaml",
        runs="results/{scale}/{study}/runs.csv",
        scores="results/{scale}/{study}/scores.csv",
        data=lambda w: LAYOUT.study_data(w.study),
        prints=lambda w: LAYOUT.prints(w.study),
        examples=lambda w: LAYOUT.examples(w.study, w.figure),
        walked=lambda w: LAYOUT.walked(w.study, w.figure),
        predictions=lambda w: LAYOUT.predictions(w.study, "figures", w.figure),
        estimates=lambda w: LAYOUT.asked_estimates(w.study, "figures", w.figure),
        epochs=lambda w: LAYOUT.asked_epochs(w.study, "figures", w.figure),
    output:
        pdf="results/{scale}/{study}/figures/{figure}.pdf",
        png=report(
            "results/{scale}/{study}/figures/{figure}.png",
            caption="../report/caption.rst",
            category="{study}",
            subcategory="figures",
            labels={"figure": "{figure}"},
        ),
        csv="results/{scale}/{study}/figures/{figure}.csv",
    log:
        "logs/{scale}/{study}/draw_figure/{figure}.log",
    conda:
        "../../envs/report.yaml"
    params:
        spec=lambda w: LAYOUT.figure(w.study, w.figure),
        rows=lambda w: LAYOUT.reports[w.study].get("rows", []),
        inputs=lambda wildcards, input: list(input),
        code=lambda w: CODE.figure(w.study, LAYOUT.figure(w.study, w.figure)["kind"]),
    script:
        "../scripts/draw_figure.py"


rule write_report:
    input:
        template=expand("workflow/report/page/page.{part}", part=("html", "css", "js")),
        question="results/{scale}/config.yaml",
        runs=[file for study in QUESTION.plans for file in TARGETS.collected(study)],
        tables=TARGETS.tables(),
        figures=TARGETS.figures(),
    output:
        report("results/{scale}/report.html", caption="../report/page.rst", category="page"),
    log:
        "logs/{scale}/write_report.log",
    conda:
        "../../envs/report.yaml"
    params:
        studies=TARGETS.titles(),
        inputs=lambda wildcards, input: list(input),
        code=CODE.page(),
    script:
        "../scripts/write_report.py"
