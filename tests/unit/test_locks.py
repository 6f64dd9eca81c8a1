import fcntl
import multiprocessing
import os
import signal
import time

import pytest

from stilts.locks import exclusive

KEY = "ab" + "0" * 62
OTHER = "ab" + "1" * 62
FORK = multiprocessing.get_context("fork")


def hold(key, file, held, leave):
    with exclusive(key, file):
        held.set()
        leave.wait()


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of KEY until it is told to leave."""
    held, leave = FORK.Event(), FORK.Event()
    process = FORK.Process(target=hold, args=(KEY, tmp_path / "locks", held, leave))
    process.start()
    assert held.wait(10)
    yield process, leave
    leave.set()
    process.join()


def taken_by_another(key, file):
    """Whether a process that does not wait would find the lock taken."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(1)  # a process that waits is ended by it
        with exclusive(key, file):
            os.write(write, b"free")
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    answer = os.read(read, 4)
    os.close(read)
    return answer != b"free"


def test_a_key_has_one_holder_at_a_time(holder, tmp_path):
    assert taken_by_another(KEY, tmp_path / "locks")
    holder[1].set()
    holder[0].join()
    assert not taken_by_another(KEY, tmp_path / "locks")


def test_another_key_is_another_lock(holder, tmp_path):
    assert not taken_by_another(OTHER, tmp_path / "locks")


def test_a_lock_ends_with_its_process_however_that_ends(holder, tmp_path):
    os.kill(holder[0].pid, signal.SIGKILL)
    holder[0].join()
    assert not taken_by_another(KEY, tmp_path / "locks")


def test_who_waits_says_so_and_goes_on_when_it_is_free(holder, tmp_path, caplog):
    caplog.set_level("INFO")
    FORK.Process(target=lambda: (time.sleep(0.2), holder[1].set())).start()
    with exclusive(KEY, tmp_path / "locks"):
        assert not holder[0].is_alive() or holder[1].is_set()
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
