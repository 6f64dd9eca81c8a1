"""The question, checked once, and the lists of files that make up its answer.

REQUIRED INPUTS:
    config.yaml, catalogue/, scales/, studies/
OUTPUTS:
    none; names for the other rule files
"""

import gc
import sys

from stilts.costing import lay_out
from stilts.errors import UserError
from stilts.layout import WEIGHTS, Layout
from stilts.manifest import MANIFEST
from stilts.provenance import fingerprint
from stilts.question import ask

try:
    QUESTION = ask(config)
except UserError as error:
    sys.exit(f"error: {error}")

LAYOUT = Layout(QUESTION)

# What planning allocates lives to the end, and the collector would walk through it in vain.
gc.set_threshold(200_000, 20, 100)

# Jobs parse this file again: only the command itself says what is missing.
if workflow.is_main_process:
    for line in QUESTION.unavailable():
        print(f"not available: {line}", file=sys.stderr)


wildcard_constraints:
    scale=QUESTION.scale.name,
    study="|".join(QUESTION.plans),
    task="[^/]+",
    model="[^/]+",
    chain="[^/]+",
    target="[^/]+",
    table="[^/.]+",
    figure="[^/.]+",
