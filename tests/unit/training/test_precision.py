import pytest

from stilts.training import precision as module
from stilts.training.precision import resolve_precision


@pytest.mark.parametrize("kind", ["cpu", "cuda:NVIDIA H200"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_readers_precision_is_kept(precision, kind):
    assert resolve_precision(precision, kind, 768) == precision


@pytest.mark.parametrize(
    ("flags", "width", "precision"),
    [
        ("fpu amx_bf16 avx2", 768, "bf16"),
        ("fpu avx512_bf16 avx2", 768, "bf16"),
        ("fpu avx512_bf16 avx2", 64, "fp32"),
        ("fpu avx2", 768, "fp32"),
        (None, 768, "fp32"),
    ],
)
def test_auto_is_bf16_on_a_cpu_that_multiplies_it(tmp_path, monkeypatch, flags, width, precision):
    path = tmp_path / "cpuinfo"
    if flags:
        path.write_text(f"processor: 0\nflags: {flags}\n")
    monkeypatch.setattr(module, "_CPUINFO", path)
    assert resolve_precision("auto", "cpu", width) == precision


def test_auto_is_bf16_on_a_gpu():
    assert resolve_precision("auto", "cuda:NVIDIA H200", 64) == "bf16"
