"""The machine that a table was measured on, in words."""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch

_UNITS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 bf16", "avx512f": "AVX-512", "avx2": "AVX2"}


def describe() -> str:
    """Return date, processor, cores, threads, matrix units, GPU and versions, as a list."""
    info = Path("/proc/cpuinfo")
    fields = dict(
        [part.strip() for part in line.split(":", 1)]
        for line in (info.read_text(encoding="utf-8") if info.is_file() else "").splitlines()
        if ":" in line
    )
    flags = fields.get("flags", "").split()
    units = [name for flag, name in _UNITS.items() if flag in flags]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none; nothing here was"
    gpu += "" if torch.cuda.is_available() else " measured on a GPU"
    load = os.getloadavg()[0]
    lines = [
        f"date: {date.today().isoformat()}",
        f"processor: {fields.get('model name', platform.processor())}, {os.cpu_count()} cores,"
        f" {torch.get_num_threads()} threads used; load at the start {load:.1f}",
        f"vector units: {', '.join(units) or 'unknown'}; {'' if 'AMX' in units else 'no '}AMX",
        f"GPU: {gpu}",
        f"Python {platform.python_version()}, torch {torch.__version__.split('+')[0]},"
        f" transformers {version('transformers')}, snakemake {version('snakemake')}",
    ]
    return "\n".join(f"- {line}" for line in lines)
