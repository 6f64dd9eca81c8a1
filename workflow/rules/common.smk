"""The question, checked once, and the lists of files that make up its answer.

REQUIRED INPUTS:
    config.yaml, catalogue/, scales/, studies/
OUTPUTS:
    none; names for the other rule files
"""

import gc
import sys
from pathlib import Path

from stilts.commands.budget import lay_out_within
from stilts.commands.expected import outline
from stilts.errors import UserError
from stilts.files.digests import Digests
from stilts.files.fingerprint import fingerprint
from stilts.files.manifest import MANIFEST
from stilts.files.strict_yaml import read_yaml
from stilts.machine import preload
from stilts.machine.environment import demand_values, settle
from stilts.machine.snakemake import (
    before_the_graph,
    config_files,
    is_main,
    root_of,
    runs_here,
    show_bars,
    wake_once,
)
from stilts.machine.slurm.begin import begin, remarks
from stilts.question.advice import feature_spec
from stilts.question.advise import advise_spec
from stilts.question.artefacts import Artefacts
from stilts.question.ask import ask
from stilts.question.cells import Cell
from stilts.question.outside import Outside
from stilts.question.paths import WEIGHTS, Layout
from stilts.question.preview import preview_inputs, preview_spec
from stilts.question.record import record
from stilts.question.rule_code import RuleCode
from stilts.question.targets import Targets

try:
    settle(root_of(workflow))
    if is_main(workflow):
        demand_values(sys.argv[1:])
    for file in config_files(workflow):
        read_yaml(file)  # Snakemake takes the last of a key that stands twice
    QUESTION = ask(config)
    LAYOUT = Layout(QUESTION)
except UserError as error:
    sys.exit(f"error: {error}")

TARGETS = Targets(LAYOUT)
CODE = RuleCode(QUESTION)
OUTSIDE = Outside(QUESTION, Digests())
ARTEFACTS = Artefacts(LAYOUT, CODE, OUTSIDE)

COMMANDS = ("plan", "status", "prune", "prune_delete")  # targets that make nothing

# What planning allocates lives to the end, and the collector would walk through it in vain.
gc.set_threshold(200_000, 20, 100)

# Jobs parse this file again: only the command itself says what is missing.
if is_main(workflow):
    for line in QUESTION.unavailable():
        print(f"not available: {line}", file=sys.stderr)
    for line in [*QUESTION.remarks(), *OUTSIDE.changed(Path(LAYOUT.top)), *remarks()]:
        print(f"note: {line}", file=sys.stderr)
    # Without records of its own Snakemake sees time stamps alone: what was made for another
    # question would stay.
    before_the_graph(workflow, COMMANDS, ARTEFACTS.take_away)


wildcard_constraints:
    scale=QUESTION.scale.name,
    study="|".join(QUESTION.plans),
    task="[^/]+",
    model="[^/]+",
    chain="[^/]+",
    target="[^/]+",
    table="[^/.]+",
    figure="[^/.]+",
