"""What this machine can do, found without importing torch."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from stilts.errors import UserError

_NVIDIA = Path("/proc/driver/nvidia/gpus")
_WSL = "/usr/lib/wsl/lib/nvidia-smi"  # not always on PATH under Windows' Linux


class Gpu(NamedTuple):
    """A GPU: its value for CUDA_VISIBLE_DEVICES, a name that no other GPU has, its model."""

    entry: str
    uuid: str
    model: str


def device_kind(device: str) -> str:
    """Return `cpu` or `cuda:<model>` for the reader's choice `auto`, `cpu` or `cuda`.

    Raises:
        UserError: `cuda` is asked for and no GPU is visible.
    """
    gpus = visible_gpus() if device != "cpu" else []
    if gpus:
        return f"cuda:{gpus[0].model}"
    if device == "cuda":
        raise UserError("config key 'device': no CUDA GPU is visible here; use auto or cpu")
    return "cpu"


def visible_gpus() -> list[Gpu]:
    """Return the GPUs that CUDA would show to this process, in its order."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen in ("", "-1"):
        return []
    listed = _ask_driver() or _read_proc()
    if chosen is None or not listed:
        return listed
    found = []
    for entry in map(str.strip, chosen.split(",")):
        if entry.isdecimal():
            match = listed[int(entry) : int(entry) + 1]
        elif entry.startswith("MIG"):  # a slice of a GPU, which the list does not show
            match = [listed[0]._replace(uuid=entry)]
        else:
            match = [gpu for gpu in listed if entry and gpu.uuid.startswith(entry)]
        if not match:  # CUDA, too, ignores an entry that is not there and all after it
            break
        found.append(match[0]._replace(entry=entry))
    return found


def _ask_driver() -> list[Gpu]:
    command = shutil.which("nvidia-smi") or shutil.which(_WSL)
    if not command:
        return []
    try:
        answer = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = re.findall(r"^GPU \d+: (.+) \(UUID: (\S+)\)", answer.stdout, re.MULTILINE)
    return [Gpu(uuid, uuid, model) for model, uuid in lines]


def _read_proc() -> list[Gpu]:
    found = []
    for place, folder in enumerate(sorted(_NVIDIA.iterdir()) if _NVIDIA.is_dir() else []):
        text = (folder / "information").read_text(encoding="utf-8")
        facts = dict(re.findall(r"^([^:\n]+):[ \t]*(.+?)[ \t]*$", text, re.MULTILINE))
        uuid = facts.get("GPU UUID", "?")
        # Question marks stand there until a program has first used the GPU.
        known = "?" not in uuid
        name = uuid if known else folder.name
        found.append(Gpu(uuid if known else str(place), name, facts.get("Model", "unknown")))
    return found
