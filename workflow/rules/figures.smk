"""This part of the workflow draws the paper's figures.

REQUIRED INPUTS:
    results/{scale}/{study}/{runs,scores}.csv; for examples results/{scale}/data/{task}/
OUTPUTS:
    results/{scale}/{study}/figures/{figure}.{pdf,png,csv}
"""


localrules:
    draw_figure,


rule draw_figure:
    input:
        runs="results/{scale}/{study}/runs.csv",
        zero_shot="results/{scale}/{study}/scores.csv",
        data=lambda w: LAYOUT.study_data(w.study),
        published="studies/{study}/published.csv",
        examples=lambda w: LAYOUT.examples(w.study, w.figure),
    output:
        pdf="results/{scale}/{study}/figures/{figure}.pdf",
        png=report(
            "results/{scale}/{study}/figures/{figure}.png",
            caption="../report/figure.rst",
            category="{study}",
            labels={"figure": "{figure}"},
        ),
        csv="results/{scale}/{study}/figures/{figure}.csv",
    log:
        "logs/{scale}/{study}/draw_figure/{figure}.log",
    conda:
        "../../envs/report.yaml"
    params:
        spec=lambda w: LAYOUT.figure(w.study, w.figure),
        facts=lambda w: QUESTION.plans[w.study].report_facts(),
        inputs=lambda wildcards, input: list(input),
        code=lambda w: fingerprint(
            "workflow/scripts/draw_figure.py", LAYOUT.figure_module(w.study, w.figure)
        ),
    script:
        "../scripts/draw_figure.py"
