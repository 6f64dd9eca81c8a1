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
    models = set()
    for folder in _NVIDIA.iterdir():
        for line in (folder / "information").read_text().splitlines():
            if line.startswith("Model:"):
                models.add(line.removeprefix("Model:").strip())
    # On a node with several kinds only CUDA knows which of them this job was given.
    return _given_gpu() if len(models) > 1 else next(iter(models), None)


def _given_gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


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
