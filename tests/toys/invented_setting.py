"""What the trials of a test share, where only equality matters."""

from stilts.jobs.trial import ENTRY, Setting
from tests.toys.tiny_models import facts_of

SPEC = {
    "study": "mine",
    "scale": "tiny",
    "protocol": "paper",
    "model": "m",
    "chain": "a",
    "target": "b",
    "precision": "fp32",
    "task": facts_of(name="b"),
    "recipe": {"epochs": 3, "clip": 1.0},
}
SETTING = Setting(
    spec=SPEC,
    checkpoint="c" * 64,
    data={"train": "t" * 64, "validation": "v" * 64},
    family="roberta",
    entry=ENTRY,
    device_kind="cpu",
    precision="fp32",
    versions={"torch": "1"},
)
