import fcntl
import subprocess
import sys
import threading

import pytest

from stilts.files.fingerprint import ROOT
from stilts.files.locks import exclusive

KEY = "ab" + "0" * 62
OTHER = "ab" + "1" * 62
# Holds a lock from the line that it prints to the line that it reads.
PROGRAM = """
import sys
from pathlib import Path
from stilts.files.locks import exclusive
with exclusive(sys.argv[1], Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def start(key, file):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, key, str(file)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of KEY until it reads a line."""
    with start(KEY, tmp_path / "locks") as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def waits(key, file):
    """Whether a process that wants the lock is still without it after a moment."""
    with start(key, file) as process:
        try:
            process.communicate("\n", timeout=1.5)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


def test_a_key_has_one_holder_at_a_time(holder, tmp_path):
    assert waits(KEY, tmp_path / "locks")
    holder.communicate("\n", timeout=10)
    assert not waits(KEY, tmp_path / "locks")


def test_another_key_is_another_lock(holder, tmp_path):
    assert not waits(OTHER, tmp_path / "locks")


def test_a_lock_ends_with_its_process_however_that_ends(holder, tmp_path):
    holder.kill()
    holder.wait(10)
    assert not waits(KEY, tmp_path / "locks")


def test_who_waits_says_so_and_goes_on_when_it_is_free(holder, tmp_path, caplog):
    caplog.set_level("INFO")
    timer = threading.Timer(0.3, holder.kill)
    timer.start()
    with exclusive(KEY, tmp_path / "locks"):
        assert timer.finished.is_set()
    assert "another process is at ab0000000000000: waiting for it" in caplog.text


def test_locks_leave_one_empty_file(tmp_path):
    for key in (KEY, OTHER):
        with exclusive(key, tmp_path / "store/locks"):
            pass
    assert [path.stat().st_size for path in (tmp_path / "store").iterdir()] == [0]


def test_without_locks_on_the_file_system_the_work_goes_on_with_a_warning(
    tmp_path, monkeypatch, caplog
):
    def unsupported(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", unsupported)
    with exclusive(KEY, tmp_path / "locks"):
        pass
    assert "this file system has no locks, going on without" in caplog.text
