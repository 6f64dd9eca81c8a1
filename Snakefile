"""Does intermediate-task fine-tuning help? Reruns published claims, from data to figures.

snakemake --cores all                     everything that config.yaml asks for
snakemake --cores all plan                what would run, hours and disk, before anything runs
snakemake --cores all figures             one of: data checkpoints runs tables figures report
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# Target rules list every artefact they stand on, not only the last ones: otherwise a failed
# upstream job would leave old figures that the next run takes for current.


rule all:
    input:
        LAYOUT.question_file(),
        LAYOUT.data(),
        LAYOUT.checkpoints(),
        LAYOUT.runs(),
        LAYOUT.tables(),
        LAYOUT.figures(),
        LAYOUT.report(),


rule data:
    input:
        LAYOUT.data(),


rule checkpoints:
    input:
        LAYOUT.data(),
        LAYOUT.checkpoints(),


rule runs:
    input:
        LAYOUT.question_file(),
        LAYOUT.data(),
        LAYOUT.checkpoints(),
        LAYOUT.runs(),


rule tables:
    input:
        LAYOUT.data(),
        LAYOUT.checkpoints(),
        LAYOUT.runs(),
        LAYOUT.tables(),


rule figures:
    input:
        LAYOUT.data(),
        LAYOUT.checkpoints(),
        LAYOUT.runs(),
        LAYOUT.figures(),


rule report:
    input:
        rules.all.input,


include: "workflow/rules/data.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/stages.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/summary.smk"


onstart:
    begin(workflow)


onerror:
    print(
        "What is finished is kept: mend the cause, type the same command again, and it goes on.",
        file=sys.stderr,
    )
