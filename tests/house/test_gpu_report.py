"""`make gpu` at toy size, on a machine that has little more than torch and transformers."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import benchmarks.gpu.__main__
from benchmarks.gpu import checks, library
from benchmarks.gpu.comparisons import Wrong, at_most, of_losses
from benchmarks.gpu.conduct import PARTS, conduct, told
from benchmarks.gpu.part import Teller
from benchmarks.gpu.report import Report, Section
from stilts.files.fingerprint import ROOT

# What the project's environment has, and the machines of others lack.
LACKING = "snakemake datasets evaluate jsonschema pyarrow pandas matplotlib seaborn sklearn jinja2"
pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries compared with


def start(folder, *words, lacking=LACKING):
    """Start the script where some modules cannot be imported, nor by what it starts in turn."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        f"import sys\nsys.modules.update(dict.fromkeys({lacking.split()!r}))\n"
    )
    # A machine that runs other tests as well is slow: no part is to be left out for that.
    call = [sys.executable, "-m", "benchmarks.gpu", "--toy", "--minutes", "40"]
    return subprocess.Popen(
        [*call, "--out", folder / "gpu.md", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(site), "TMPDIR": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, seconds=1200):
    errors = process.communicate(timeout=seconds)[1]
    return process.returncode, errors


def section(text, name):
    title = next(part.title for part in PARTS if part.name == name)
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def rows(text):
    return re.findall(r"^\|.*\|$", text, re.MULTILINE)[2:]


def test_every_part_fills_its_section_of_a_page_that_says_it_is_a_toy(tmp_path):
    status, errors = end(start(tmp_path))
    text = (tmp_path / "gpu.md").read_text()
    assert (status, "FAILED" in text) == (0, False), text
    assert "**A toy: tiny shapes" in text
    assert f"torch {torch.__version__}, transformers " in text
    assert re.search(r"state: complete after .*; 0 failed, [02] left out", text)
    for part in PARTS:
        found = section(text, part.name)
        assert rows(found), part.name
        assert {row.count("|") for row in rows(found)} == {rows(found)[0].count("|")}
        assert re.search(r"Took \d+ s of \d+ s\.", found)
    assert len(rows(section(text, "training"))) == 9, "three ways at three tasks' lengths"
    *lines, last = errors.splitlines()
    assert all(re.match(r"\[\d+:\d\d left\] \w", line) for line in lines)
    assert last.startswith("complete after")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gpu.md", "site"]


def test_without_accelerate_and_pytest_a_plain_loop_stands_in_and_tests_are_left_out(tmp_path):
    words = ["--only", "cuda_tests,training"]
    status, _ = end(start(tmp_path, *words, lacking=f"{LACKING} accelerate pytest"))
    text = (tmp_path / "gpu.md").read_text()
    assert status == 0, text
    assert "accelerate missing" in text
    assert "left out: all of them: pytest is missing" in section(text, "cuda_tests")
    training = section(text, "training")
    assert "warned: accelerate is missing" in training
    assert sum("plain padded loop" in row for row in rows(training)) == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_what_it_has_finished(tmp_path, number):
    process = start(tmp_path, "--only", "generation,floor")
    page = tmp_path / "gpu.md"
    until(lambda: page.is_file() and rows(section(page.read_text(), "floor")))
    process.send_signal(number)
    status, errors = end(process, 60)
    text = page.read_text()
    assert len(rows(section(text, "generation"))) == 5
    assert "Took" in section(text, "generation")
    assert rows(section(text, "floor"))
    assert "Traceback" not in errors
    if number == signal.SIGTERM:
        assert status == 128 + number
        assert "state: stopped by SIGTERM after" in text
        assert "**Cut off here.**" in section(text, "floor")
        assert errors.splitlines()[-1].endswith(f"what was found stands in {page}")
    else:
        assert "state: at work" in text
        assert "**At work.**" in section(text, "floor")
    until(lambda: not started_in(tmp_path), 60)


def until(holds, seconds=600):
    for _ in range(10 * seconds):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def started_in(folder):
    """The processes whose temporary files are to lie in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_machine_without_a_gpu_is_told_so_in_one_line(tmp_path):
    out = tmp_path / "gpu.md"
    call = [sys.executable, "-m", "benchmarks.gpu", "--out", out]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"error: no CUDA device is visible to \S+ .* --toy\n", done.stderr)
    assert not out.exists()


def test_a_python_without_torch_is_told_so_in_one_line(tmp_path):
    status, errors = end(start(tmp_path, lacking="torch tokenizers"))
    assert status == 1
    assert re.fullmatch(
        r"error: \S+ lacks torch, tokenizers: name another by make gpu PYTHON=\S+\n", errors
    )


# A part


@pytest.mark.parametrize(
    ("program", "events"),
    [
        ("raise SystemExit('no such kernel')", [("failed", "ended with status 1: no such kernel")]),
        ("print('a greeting')", []),
        (
            "import os; os.kill(os.getpid(), 11)",
            [("failed", "ended with status -11: it said noth")],
        ),
        ("import time; time.sleep(60)", [("failed", "killed after 2 s, which was its time")]),
    ],
)
def test_a_part_that_does_not_end_well_is_one_line(tmp_path, program, events):
    found = list(told([sys.executable, "-c", program], 2, tmp_path))
    assert [kind for kind, _ in found] == [kind for kind, _ in events]
    assert all(
        text.startswith(wanted) for (_, text), (_, wanted) in zip(found, events, strict=True)
    )


def test_what_fails_within_a_part_is_a_line_and_the_rest_goes_on(monkeypatch):
    def wrong():
        raise Wrong("2.0e-01, 1e-05 allowed")

    def broken():
        raise RuntimeError("CUDA error: out of memory\nand much more")

    tried = [("sums", wrong), ("products", broken), ("all else", lambda: "fine")]
    monkeypatch.setattr(checks, "checks", lambda toy: tried)
    stream, found = io.StringIO(), Section("Correctness")
    checks.run(Teller(stream, 60), True)
    for line in stream.getvalue().splitlines():
        event = json.loads(line)
        found.take(event["kind"], event["value"])
    assert [row[:2] for row in found.rows] == [
        ["sums", "**FAILED**"],
        ["products", "**FAILED**"],
        ["all else", "passed"],
    ]
    assert found.failed == [
        "sums: 2.0e-01, 1e-05 allowed",
        "products: RuntimeError: CUDA error: out of memory",
    ]


def test_a_report_with_a_failure_ends_with_status_1(tmp_path, monkeypatch, capsys):
    def fails(parts, report, seconds):
        report.sections[0].take("failed", "sums: 2.0e-01")

    monkeypatch.setattr(benchmarks.gpu.conduct, "conduct", fails)
    assert benchmarks.gpu.__main__.main(["--toy", "--out", str(tmp_path / "gpu.md")]) == 1
    assert "1 failed, 0 left out" in capsys.readouterr().err


def test_what_no_time_is_left_for_is_left_out_and_said(tmp_path):
    report = Report(tmp_path / "gpu.md", True, [Section(part.title) for part in PARTS])
    conduct(PARTS, report, seconds=0)
    assert report.count() == f"0 failed, {len(PARTS)} left out"
    assert report.path.read_text().count("- left out: all of it: no time was left") == len(PARTS)
    stream = io.StringIO()
    assert not Teller(stream, 5).fits("a long one", 6)
    assert "a long one: no time was left" in stream.getvalue()


# What is compared


def test_the_plain_loop_has_the_losses_of_the_engine(monkeypatch):
    monkeypatch.setattr(library, "TRAINER", False)
    assert "the loss fell by 0." in checks.against_library()
    assert checks.full_width(checks.TOY)


def test_nothing_that_is_not_a_number_and_no_missing_step_is_near_enough():
    assert at_most(1e-5, 1e-6, 2e-6) == "2.0e-06, 1e-05 allowed"
    for difference in (1e-4, float("nan"), of_losses([1.0], [1.0, 2.0])):
        with pytest.raises(Wrong, match="1e-05 allowed"):
            at_most(1e-5, 1e-6, difference)
