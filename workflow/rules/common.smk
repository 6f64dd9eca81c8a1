"""The question, checked once, and the lists of files that make up its answer.

REQUIRED INPUTS:
    config.yaml, catalogue/, scales/, studies/
OUTPUTS:
    none; names for the other rule files
"""

import sys

from stilts.cluster import begin, remarks
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

# Jobs parse this file again: only the command itself says what is missing.
if workflow.is_main_process:
    for line in QUESTION.unavailable():
        print(f"not available: {line}", file=sys.stderr)
    for line in remarks():
        print(f"note: {line}", file=sys.stderr)


wildcard_constraints:
    scale=QUESTION.scale.name,
    study="|".join(QUESTION.plans),
    task="[^/]+",
    model="[^/]+",
    chain="[^/]+",
    target="[^/]+",
    table="[^/.]+",
    figure="[^/.]+",
