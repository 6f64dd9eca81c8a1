"""What this machine can do, found without importing torch."""

import os
from pathlib import Path

from stilts.errors import UserError

_NVIDIA = Path("/proc/driver/nvidia/gpus")
_CPUINFO = Path("/proc/cpuinfo")


def device_kind(device: str) -> str:
    """Return `cpu` or `cuda:<model>` for the reader's choice `auto`, `cpu` or `cuda`.

    Raises:
        UserError: `cuda` is asked for and no GPU is visible.
    """
    gpu = _gpu_model() if device != "cpu" else None
    if gpu:
        return f"cuda:{gpu}"
    if device == "cuda":
        raise UserError("config key 'device': no CUDA GPU is visible here; use auto or cpu")
    return "cpu"


def _gpu_model() -> str | None:
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1") or not _NVIDIA.is_dir():
        return None
    for folder in sorted(_NVIDIA.iterdir()):
        for line in (folder / "information").read_text().splitlines():
            if line.startswith("Model:"):
                return line.removeprefix("Model:").strip()
    return None


def resolve_precision(precision: str, kind: str) -> str:
    """Return `fp32` or `bf16` for the reader's choice.

    `auto` is bf16 on a GPU and on CPUs with matrix units for it (AMX); elsewhere bf16 is slower.
    """
    if precision != "auto":
        return precision
    if kind.startswith("cuda"):
        return "bf16"
    flags = _CPUINFO.read_text() if _CPUINFO.is_file() else ""
    return "bf16" if "amx_bf16" in flags else "fp32"
