import pytest

from stilts.errors import UserError
from stilts.machine import hardware
from stilts.machine.hardware import device_kind, visible_gpus

LISTING = """\
GPU 0: NVIDIA H200 (UUID: GPU-aaaa-1)
  MIG 1g.18gb     Device  0: (UUID: MIG-cccc)
GPU 1: NVIDIA T400 (UUID: GPU-bbbb-2)
"""


@pytest.fixture(autouse=True)
def no_driver(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(hardware, "_WSL", str(tmp_path / "wsl/nvidia-smi"))
    monkeypatch.setattr(hardware, "_NVIDIA", tmp_path / "none")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture(params=["bin", "wsl"])
def driver(request, tmp_path):
    """A machine whose GPUs only `nvidia-smi` knows, on PATH or where Windows puts it."""
    program = tmp_path / request.param / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{LISTING}END\n")
    program.chmod(0o755)


@pytest.fixture
def gpu(tmp_path, monkeypatch):
    folder = tmp_path / "gpus/0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA H200\nIRQ:   \t\t 31\n")
    monkeypatch.setattr(hardware, "_NVIDIA", tmp_path / "gpus")


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_a_gpu_is_known_by_its_model(gpu, device):
    assert device_kind(device) == "cuda:NVIDIA H200"


def test_the_reader_can_leave_the_gpu_alone(gpu):
    assert device_kind("cpu") == "cpu"


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_hidden_gpu_is_not_there(gpu, monkeypatch, hidden):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert device_kind("auto") == "cpu"


def test_a_gpu_that_is_asked_for_must_be_there():
    assert device_kind("auto") == "cpu"
    with pytest.raises(UserError, match="config key 'device': no CUDA GPU is visible"):
        device_kind("cuda")


def test_a_gpu_that_only_the_driver_s_tool_knows_is_found(driver):
    assert device_kind("auto") == "cuda:NVIDIA H200"
    assert [gpu.entry for gpu in visible_gpus()] == ["GPU-aaaa-1", "GPU-bbbb-2"]


@pytest.mark.parametrize(
    ("chosen", "models"),
    [
        ("1", ["NVIDIA T400"]),
        ("1,0", ["NVIDIA T400", "NVIDIA H200"]),
        ("GPU-bbbb", ["NVIDIA T400"]),
        ("MIG-cccc", ["NVIDIA H200"]),
        ("0,7,1", ["NVIDIA H200"]),  # as CUDA has it: nothing after what is not there
        ("-1", []),
        ("", []),
    ],
)
def test_the_visible_gpus_are_those_that_cuda_shows(driver, monkeypatch, chosen, models):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert [gpu.model for gpu in visible_gpus()] == models


def test_a_tool_without_its_driver_knows_no_gpu(tmp_path):
    program = tmp_path / "bin/nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    program.chmod(0o755)
    assert device_kind("auto") == "cpu"


@pytest.mark.parametrize("uuid", ["GPU-aaaa-1", "GPU-????????-????"])
def test_gpus_are_told_apart_before_their_first_use_too(gpu, tmp_path, uuid):
    folder = tmp_path / "gpus/0000:01:00.0"
    (folder / "information").write_text(f"Model: \t NVIDIA H200\nGPU UUID: \t {uuid}\n")
    (found,) = visible_gpus()
    known = "?" not in uuid
    assert found == (uuid if known else "0", uuid if known else folder.name, "NVIDIA H200")
