import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stilts.files.fingerprint import ROOT
from stilts.machine import preload

OPENING = (
    "import sys, os, signal, time\nfrom stilts.machine.preload import hand_over\n"
    "hand_over(('colorsys',))\n"
)
WAIT = "open('up', 'w').write(str(os.getpid()))\nwhile True: time.sleep(0.05)\n"


def socket_path():
    return os.environ[preload.ADDRESS].split(":")[0]


@pytest.fixture
def server(monkeypatch):
    """A process that loads what the scripts here ask for: a library that none of them imports."""
    monkeypatch.setenv(preload.ADDRESS, "")
    process = preload.start()
    while not os.path.exists(socket_path()):
        time.sleep(0.01)
    yield process
    process.stdin.close()
    assert process.wait(timeout=10) == 0


def launch(folder, body, *arguments):
    script = folder / "script.py"
    script.write_text(OPENING + body)
    return subprocess.Popen(
        [sys.executable, script, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # as if typed at a terminal
    )


def status_of(job):
    job.communicate(timeout=10)
    return job.returncode


def wait_for(path):
    for _ in range(1000):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{path} did not appear")


def state(pid):
    """T: held, Z: ended but not asked how; None: gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def wait_until(pid, *states):
    for _ in range(1000):
        if state(pid) in states:
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is {state(pid)}, not {states}")


def test_a_script_goes_on_where_the_libraries_are(server, tmp_path):
    job = launch(tmp_path, "print('colorsys' in sys.modules, os.getppid())")
    assert job.communicate()[0].split() == ["True", str(server.pid)]


def test_it_keeps_its_folder_arguments_environment_and_streams(server, tmp_path, monkeypatch):
    monkeypatch.setenv("COLOUR", "red")
    body = "print(os.getcwd(), sys.argv[1:], os.environ['COLOUR'])\nprint('so', file=sys.stderr)"
    out, err = launch(tmp_path, body, "a", "b").communicate()
    assert out == f"{tmp_path} ['a', 'b'] red\n"
    assert err == "so\n"


def test_code_of_the_project_is_never_loaded_ahead(server, tmp_path):
    body = "print([name for name in sys.modules if name.startswith('stilts.')])"
    assert (
        launch(tmp_path, body).communicate()[0] == "['stilts.machine', 'stilts.machine.preload']\n"
    )


@pytest.mark.parametrize("end, status", [("sys.exit(3)", 3), ("sys.exit('no')", 1), ("1 / 0", 1)])
def test_it_ends_as_the_script_ends(server, tmp_path, end, status):
    job = launch(tmp_path, end)
    _, err = job.communicate()
    assert job.returncode == status
    assert ("ZeroDivisionError" in err) == (end == "1 / 0")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_signals_reach_the_script(server, tmp_path, number):
    handler = f"signal.signal({number:d}, lambda n, f: (open('saved', 'w').close(), sys.exit(7)))\n"
    job = launch(tmp_path, handler + WAIT)
    wait_for(tmp_path / "up")
    job.send_signal(number)
    assert status_of(job) == 7
    assert (tmp_path / "saved").exists()


def test_ctrl_c_reaches_the_script_once_and_ends_it(server, tmp_path):
    count = "open('count', 'a').write('x')"
    body = f"def note(n, f):\n    {count}\n    raise KeyboardInterrupt\n"
    job = launch(tmp_path, f"{body}signal.signal({signal.SIGINT:d}, note)\n{WAIT}")
    wait_for(tmp_path / "up")
    os.killpg(job.pid, signal.SIGINT)
    assert status_of(job) != 0
    assert (tmp_path / "count").read_text() == "x"


def test_ctrl_z_holds_the_script(server, tmp_path):
    job = launch(tmp_path, WAIT)
    pid = wait_for(tmp_path / "up")
    os.killpg(job.pid, signal.SIGSTOP)
    wait_until(pid, "T")
    os.killpg(job.pid, signal.SIGKILL)
    assert status_of(job) == -signal.SIGKILL
    wait_until(pid, None, "Z")


def test_a_signal_that_the_script_does_not_handle_ends_both(server, tmp_path):
    job = launch(tmp_path, WAIT)
    pid = wait_for(tmp_path / "up")
    job.terminate()
    assert status_of(job) == 128 + signal.SIGTERM
    wait_until(pid, None, "Z")


def test_a_killed_job_does_not_leave_its_fork_running(server, tmp_path):
    job = launch(tmp_path, WAIT)
    pid = wait_for(tmp_path / "up")
    job.kill()
    status_of(job)
    wait_until(pid, None, "Z")


def test_jobs_run_side_by_side(server, tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    jobs = [launch(folder, WAIT) for folder in folders]
    assert len({wait_for(folder / "up") for folder in folders}) == 2
    for job in jobs:
        job.kill()
        status_of(job)


@pytest.mark.parametrize("address", ["", f"nowhere/preload:{sys.prefix}"])
def test_a_script_loads_its_libraries_itself_where_nothing_waits(tmp_path, monkeypatch, address):
    monkeypatch.setenv(preload.ADDRESS, address)
    job = launch(tmp_path, "print('colorsys' in sys.modules)")
    assert job.communicate()[0] == "False\n"
    assert job.returncode == 0


def test_a_script_of_another_environment_stays_there(server, tmp_path, monkeypatch):
    monkeypatch.setenv(preload.ADDRESS, f"{socket_path()}:/some/conda/environment")
    assert launch(tmp_path, "print('colorsys' in sys.modules)").communicate()[0] == "False\n"


def test_a_library_that_cannot_be_loaded_costs_the_jobs_nothing(server, tmp_path):
    script = tmp_path / "asks.py"
    opening = OPENING.replace("colorsys", "no_such_library")
    script.write_text(f"{opening}print('done', os.getppid())")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True
    )
    assert asked.stdout == f"done {os.getpid()}\n", asked.stderr
    assert launch(tmp_path, "print(os.getppid())").communicate()[0] == f"{server.pid}\n"


def test_a_job_that_goes_away_before_it_asks_leaves_the_others_their_turn(server, tmp_path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(socket_path())
        socket.send_fds(connection, [b"\n"], [0, 1, 2])
    assert launch(tmp_path, "print(os.getppid())").communicate()[0] == f"{server.pid}\n"
    assert len(os.listdir(f"/proc/{server.pid}/fd")) < 12, "files of it are closed"


def test_what_is_loaded_is_no_garbage_to_look_through(server, tmp_path):
    body = "import gc\nprint(gc.get_freeze_count() > 1000)"
    assert launch(tmp_path, body).communicate()[0] == "True\n"


def test_the_process_ends_with_the_one_that_started_it(tmp_path, monkeypatch):
    program = (
        "import time, stilts.machine.preload as p\n"
        "open('up', 'w').write(str(p.start().pid))\n"
        "time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, env=environment)
    pid = wait_for(tmp_path / "up")
    parent.kill()
    parent.wait()
    wait_until(pid, None, "Z")


def test_only_this_user_can_reach_the_socket(server):
    folder = os.path.dirname(socket_path())
    assert os.stat(folder).st_mode & 0o077 == 0
