"""In which precision a model is trained: it changes the result, so it is part of its key."""

from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_WIDE = 256  # below this hidden size a CPU gains little from bf16


def resolve_precision(precision: str, kind: str, width: int) -> str:
    """Return `fp32` or `bf16` for the reader's choice.

    `auto` is bf16 on a GPU, and for models that are not tiny on a CPU that multiplies it (AMX,
    AVX-512): there a training step takes 0.5 to 0.7 of the time. Elsewhere bf16 is slower.

    Args:
        precision: `auto`, `fp32` or `bf16`.
        kind: see `device_kind`.
        width: hidden size of the model.
    """
    if precision != "auto":
        return precision
    if kind.startswith("cuda"):
        return "bf16"
    flags = _CPUINFO.read_text(encoding="utf-8").split() if _CPUINFO.is_file() else []
    return "bf16" if width >= _WIDE and {"amx_bf16", "avx512_bf16"} & set(flags) else "fp32"
