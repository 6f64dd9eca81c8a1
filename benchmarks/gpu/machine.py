"""The GPU that a report was measured on, and what it was measured with."""

import os
import platform
import re
import shutil
import subprocess
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import torch

_DRIVER = Path("/proc/driver/nvidia/version")
GB = 2**30


def describe() -> list[str]:
    """Return date, device, driver and versions, a line each."""
    versions = [f"{name} {version_of(name)}" for name in ("transformers", "accelerate", "numpy")]
    return [
        f"date: {date.today().isoformat()}",
        f"device: {_device()}",
        f"driver: {_driver()}; CUDA of torch: {torch.version.cuda or 'none'}",
        f"host: {os.cpu_count()} cores, {torch.get_num_threads()} threads used",
        f"Python {platform.python_version()}, torch {torch.__version__}, {', '.join(versions)}",
    ]


def version_of(name: str) -> str:
    """Return the version of a package, or that it is missing."""
    try:
        return version(name) if find_spec(name) else "missing"
    except PackageNotFoundError:  # built from source, perhaps
        return "unknown"


def _device() -> str:
    if not torch.cuda.is_available():
        return "none; nothing here was measured on a GPU"
    found = torch.cuda.get_device_properties(0)
    free, whole = torch.cuda.mem_get_info(0)
    return (
        f"{found.name}, {found.multi_processor_count} multiprocessors, compute capability"
        f" {found.major}.{found.minor}, {whole / GB:.0f} GB, {free / GB:.0f} GB of them free"
    )


def _driver() -> str:
    command = shutil.which("nvidia-smi")
    if command:
        call = [command, "--query-gpu=driver_version", "--format=csv,noheader"]
        try:
            told = subprocess.run(call, capture_output=True, text=True, timeout=30).stdout.split()
            if told:
                return told[0]
        except (OSError, subprocess.TimeoutExpired):
            pass
    found = re.search(
        r"Kernel Module\D*([\d.]+)",
        _DRIVER.read_text(encoding="utf-8") if _DRIVER.is_file() else "",
    )
    return found[1] if found else "unknown"
