"""The question, checked once, and the lists of files that make up its answer.

REQUIRED INPUTS:
    config.yaml, catalogue/, scales/, studies/
OUTPUTS:
    none; names for the other rule files
"""

import sys

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


wildcard_constraints:
    scale=QUESTION.scale.name,
    study="|".join(QUESTION.plans),
    task="[^/]+",
    model="[^/]+",
    chain="[^/]+",
    target="[^/]+",
    table="[^/.]+",
    figure="[^/.]+",
