"""Does intermediate-task fine-tuning help? Reruns published claims, from data to figures.

snakemake --cores all                     everything that config.yaml asks for
snakemake --cores all plan                what would run, hours and disk, before anything runs
snakemake --cores 1 status                what is done, at work and failed, while it runs or later
snakemake --cores all preview             three rows of --config task=<name> as a model reads them
snakemake --cores all advise              which intermediate tasks to take, before any run
snakemake --cores all figures             one of: data checkpoints runs tables figures report
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# Used with --software-deployment-method apptainer only; envs/apptainer.def is its recipe.
container: "envs/stilts.sif"


# Target rules list every artefact they stand on, not only the last ones: otherwise a failed
# upstream job would leave old figures that the next run takes for current. The lists are long, so
# only the one that is asked for is made.


rule all:
    input:
        lambda w: TARGETS.everything(),


rule data:
    input:
        lambda w: TARGETS.data(),


rule checkpoints:
    input:
        lambda w: TARGETS.sources(),


rule runs:
    input:
        lambda w: [LAYOUT.question_file(), *TARGETS.sources(), *TARGETS.runs()],


rule tables:
    input:
        lambda w: [*TARGETS.sources(), *TARGETS.runs(), *TARGETS.tables()],


rule figures:
    input:
        lambda w: [*TARGETS.sources(), *TARGETS.runs(), *TARGETS.figures()],


rule report:
    input:
        lambda w: TARGETS.everything(),


include: "workflow/rules/data.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/stages.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/advice.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/commands.smk"


onstart:
    begin(workflow)
    wake_once(workflow)
    if runs_here(workflow):
        PRELOAD = preload.start()
    show_bars(workflow)


onerror:
    print(
        "What is finished is kept: mend the cause, type the same command again, and it goes on.",
        file=sys.stderr,
    )
