import pytest

from stilts import hardware
from stilts.errors import UserError
from stilts.hardware import device_kind, resolve_precision


@pytest.fixture
def gpu(tmp_path, monkeypatch):
    folder = tmp_path / "gpus/0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA H200\nIRQ:   \t\t 31\n")
    monkeypatch.setattr(hardware, "_NVIDIA", tmp_path / "gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture
def no_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "_NVIDIA", tmp_path / "none")


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_is_known_by_its_model(gpu, device):
    assert device_kind(device) == "cuda:NVIDIA H200"


def test_the_reader_can_leave_the_gpu_alone(gpu):
    assert device_kind("cpu") == "cpu"


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_hidden_gpu_is_not_there(gpu, monkeypatch, hidden):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert device_kind("auto") == "cpu"


@pytest.mark.parametrize("given", ["NVIDIA H200", "NVIDIA A100"])
def test_on_a_node_with_several_kinds_it_is_the_one_that_the_job_was_given(
    gpu, tmp_path, monkeypatch, given
):
    folder = tmp_path / "gpus/0000:02:00.0"
    folder.mkdir()
    (folder / "information").write_text("Model: \t\t NVIDIA A100\n")
    monkeypatch.setattr(hardware, "_given_gpu", lambda: given)
    assert device_kind("auto") == f"cuda:{given}"


def test_a_gpu_that_is_asked_for_must_be_there(no_gpu):
    assert device_kind("auto") == "cpu"
    with pytest.raises(UserError, match="config key 'device': no CUDA GPU is visible"):
        device_kind("cuda")


@pytest.mark.parametrize("kind", ["cpu", "cuda:NVIDIA H200"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_readers_precision_is_kept(precision, kind):
    assert resolve_precision(precision, kind) == precision


@pytest.mark.parametrize(
    ("flags", "precision"), [("fpu amx_bf16 avx2", "bf16"), ("fpu avx2", "fp32"), (None, "fp32")]
)
def test_auto_is_bf16_on_a_cpu_that_multiplies_it(tmp_path, monkeypatch, flags, precision):
    path = tmp_path / "cpuinfo"
    if flags:
        path.write_text(f"processor: 0\nflags: {flags}\n")
    monkeypatch.setattr(hardware, "_CPUINFO", path)
    assert resolve_precision("auto", "cpu") == precision


def test_auto_is_bf16_on_a_gpu():
    assert resolve_precision("auto", "cuda:NVIDIA H200") == "bf16"
