"""Real processes that share two GPUs, which only a fake `nvidia-smi` knows of."""

import os
import signal
import subprocess
import sys
import time

import pytest

from stilts.files.fingerprint import ROOT

H200 = ["GPU-aaaa", "GPU-bbbb"]
# Takes a GPU, writes down from when to when it had it, and ends.
WORKER = """
import os, sys, time
from pathlib import Path
from stilts.machine.gpus import take_gpu
device, jobs, seconds, out = sys.argv[1:]
take_gpu(device, int(jobs))
began = time.monotonic()
gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
Path(out + ".has").write_text(gpu)
time.sleep(float(seconds))
Path(out).write_text(f"{gpu} {began} {time.monotonic()}")
assert "torch" not in sys.modules
assert gpu == "none" or os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that sets up the GPUs of this machine, by name and model."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)

    def set_up(gpus):
        lines = [f"GPU {n}: {gpus[uuid]} (UUID: {uuid})" for n, uuid in enumerate(gpus)]
        program = tmp_path / "nvidia-smi"
        program.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
        program.chmod(0o755)

    set_up(dict.fromkeys(H200, "NVIDIA H200"))
    return set_up


def start(out, device="auto", jobs=1, seconds=0.3, **environment):
    words = [sys.executable, "-c", WORKER, device, str(jobs), str(seconds), str(out)]
    return subprocess.Popen(words, env={**os.environ, **environment})


def uses(folder, processes):
    """Wait for the processes; return (GPU, began, ended) of each."""
    assert [process.wait(timeout=60) for process in processes] == [0] * len(processes)
    words = [path.read_text().split() for path in sorted(folder.glob("[0-9]"))]
    return [(gpu, float(began), float(ended)) for gpu, began, ended in words]


def most_at_once(found):
    """Return how many processes held each GPU at the same time, at most."""
    return {
        gpu: max(
            sum(name == gpu and began <= moment < ended for name, began, ended in found)
            for _, moment, _ in found
        )
        for gpu in {gpu for gpu, _, _ in found}
    }


def appears(path):
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return path.exists()


@pytest.mark.parametrize(("jobs", "processes"), [(1, 4), (2, 4)])
def test_jobs_spread_over_the_gpus_and_no_gpu_has_more_than_it_may(
    machine, tmp_path, jobs, processes
):
    found = uses(
        tmp_path, [start(tmp_path / str(n), jobs=jobs, seconds=1) for n in range(processes)]
    )
    assert len(found) == processes
    assert set(most_at_once(found)) == set(H200)
    assert max(most_at_once(found).values()) <= jobs


def test_two_jobs_that_may_share_a_gpu_take_two_while_two_are_free(machine, tmp_path):
    processes = [start(tmp_path / "0", jobs=2, seconds=2)]
    assert appears(tmp_path / "0.has")
    processes.append(start(tmp_path / "1", jobs=2, seconds=0))
    assert {gpu for gpu, *_ in uses(tmp_path, processes)} == set(H200)


def test_a_killed_job_frees_its_gpu(machine, tmp_path):
    machine({"GPU-aaaa": "NVIDIA H200"})
    killed = start(tmp_path / "killed", seconds=60)
    assert appears(tmp_path / "killed.has")
    waiting = start(tmp_path / "0", seconds=0)
    time.sleep(1.5)
    assert waiting.poll() is None and not (tmp_path / "0.has").exists()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert [gpu for gpu, *_ in uses(tmp_path, [waiting])] == ["GPU-aaaa"]


@pytest.mark.parametrize("entry", ["1", "GPU-bb"])
def test_a_choice_that_is_already_made_is_kept(machine, tmp_path, entry):
    processes = [start(tmp_path / "0", seconds=2, CUDA_VISIBLE_DEVICES=entry)]
    assert appears(tmp_path / "0.has")
    # The same GPU by its other name, or by none: taken.
    processes.append(start(tmp_path / "1", seconds=0))
    assert [gpu for gpu, *_ in uses(tmp_path, processes)] == [entry, "GPU-aaaa"]


def test_jobs_of_slurm_do_not_wait_for_a_number_that_another_job_has_too(machine, tmp_path):
    processes = [
        start(tmp_path / str(n), seconds=2, CUDA_VISIBLE_DEVICES="0", SLURM_JOB_ID=str(70 + n))
        for n in range(2)
    ]
    found = uses(tmp_path, processes)
    assert [gpu for gpu, *_ in found] == ["0", "0"]
    assert most_at_once(found) == {"0": 2}


def test_jobs_inside_one_allocation_of_slurm_share_its_gpus_out(machine, tmp_path):
    processes = [start(tmp_path / str(n), SLURM_JOB_ID="70") for n in range(3)]
    assert max(most_at_once(uses(tmp_path, processes)).values()) == 1


def test_the_cpu_needs_no_gpu(machine, tmp_path):
    assert [gpu for gpu, *_ in uses(tmp_path, [start(tmp_path / "0", device="cpu")])] == ["none"]
    assert not list(tmp_path.glob("stilts-gpus-*"))


def test_a_machine_without_a_gpu_does_not_wait_for_one(machine, tmp_path):
    machine({})
    assert [gpu for gpu, *_ in uses(tmp_path, [start(tmp_path / "0")])] == ["none"]


def test_only_gpus_of_the_model_that_the_keys_name_are_used(machine, tmp_path):
    machine({"GPU-aaaa": "NVIDIA H200", "GPU-bbbb": "NVIDIA T400"})
    found = uses(tmp_path, [start(tmp_path / str(n)) for n in range(2)])
    assert {gpu for gpu, *_ in found} == {"GPU-aaaa"}
    assert most_at_once(found) == {"GPU-aaaa": 1}
