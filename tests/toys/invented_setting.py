"""What the trials of a test share, where only equality matters."""

from stilts.jobs.trial import Setting
from tests.toys.tiny_models import facts_of

SETTING = Setting(
    spec={"task": facts_of(name="b"), "precision": "fp32"},
    checkpoint="c" * 64,
    data={"train": "t" * 64, "validation": "v" * 64},
    family="roberta",
    entry="stilts.jobs.outcome",
    device_kind="cpu",
    precision="fp32",
    versions={"torch": "1"},
)
