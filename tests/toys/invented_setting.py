"""What the trials of a test share, where only equality matters."""

from stilts.jobs.trial import Setting

SETTING = Setting(
    spec={},
    checkpoint="c" * 64,
    train="t" * 64,
    validation="v" * 64,
    code="f" * 16,
    device_kind="cpu",
    precision="fp32",
    versions={"torch": "1"},
)
