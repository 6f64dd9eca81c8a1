"""Libraries loaded once for all jobs of one run on this machine.

Loading torch and transformers takes a job about as long as fine-tuning a small model. So the main
process of a local run starts one process that loads what jobs ask for, when the first asks, and
every job goes on in a fork of it. It loads libraries only, never code of this project, which may
change while a run goes on. A job that finds no such process (on another node, say) loads them
itself.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ADDRESS = "STILTS_PRELOAD"  # the environment variable: the socket's path, a colon, the environment
ALL = ("numpy", "pyarrow.parquet", "snakemake.script")  # whose script each job is
MODELS = (*ALL, "tqdm", "torch", "torch.utils.data", "transformers", "evaluate")
MODELS += tuple(
    f"transformers.models.{name}"
    for name in ("auto.modeling_auto", "roberta.modeling_roberta", "gpt2.modeling_gpt2")
)
DATA = (*ALL, "sklearn.feature_extraction", "sklearn.feature_selection", "sklearn.linear_model")
EVIDENCE = (*ALL, "pandas", "scipy.stats", "seaborn")
STALLED = 10.0  # seconds in which a job says what it asks for
# Chatter and network look-ups of the libraries; a job fetches only what it says it fetches.
QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
# A process with threads of its own, or one that has asked CUDA for devices, cannot be forked.
FORKABLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


def start() -> subprocess.Popen[bytes]:
    """Start the process that jobs of this one's children fork from; it ends with this process."""
    # A folder that only this user can enter: who can write to the socket runs code as this user.
    # The path of a socket has at most 107 bytes, and a TMPDIR may be longer.
    short = len(os.fsencode(tempfile.gettempdir())) < 80
    address = Path(tempfile.mkdtemp(prefix="stilts-", dir=None if short else "/tmp")) / "preload"
    process = subprocess.Popen(
        [sys.executable, "-m", "stilts.machine.preload", address],
        cwd=Path(__file__).parents[2],
        env=os.environ | QUIET | FORKABLE,
        stdin=subprocess.PIPE,  # closed by the system when this process ends, however it ends
        process_group=0,  # Ctrl-C and Ctrl-Z are for the jobs; forks join their job's group
    )
    os.environ[ADDRESS] = f"{address}:{sys.prefix}"
    return process


def hand_over(libraries: Sequence[str]) -> None:
    """Go on as a fork of the process that has the libraries, if there is one.

    The running script starts anew there, with this process's files, folder and environment. This
    process forwards signals to it, and ends as it ends.
    """
    address, _, prefix = os.environ.pop(ADDRESS, "").partition(":")
    if not address or prefix != sys.prefix:  # in a conda environment or container of its own
        return
    with socket.socket(socket.AF_UNIX) as connection:
        answers = connection.makefile()
        state = {"argv": sys.argv, "folder": os.getcwd(), "environment": dict(os.environ)}
        state |= {"group": os.getpgrp(), "libraries": list(libraries)}
        # Signals wait until it is known where to send them.
        signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
        try:
            connection.connect(address)
            socket.send_fds(connection, [b"\n"], [0, 1, 2])
            connection.sendall(json.dumps(state).encode() + b"\n")
            job = int(answers.readline())
        except (OSError, ValueError):  # nobody there, or no answer
            signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
            return
        received = 0

        def forward(number: int, frame: FrameType | None) -> None:
            nonlocal received
            received = number
            with contextlib.suppress(ProcessLookupError):
                # Ctrl-C is sent to a whole group, of which the fork is a member.
                if number != signal.SIGINT or os.getpgid(job) != os.getpgrp():
                    os.kill(job, number)

        for number in FORWARDED:
            signal.signal(number, forward)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        status = answers.readline()
    sys.exit(int(status) if status else 128 + (received or signal.SIGKILL))


def serve(address: str) -> None:
    """Fork once for every connection to `address`, until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a fork tells its job how it ended, not us
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(64)
        while sys.stdin not in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError, ValueError, ImportError):
                # Of an import that fails the job hears nothing: it tries itself, and says so.
                connection.settimeout(STALLED)
                _, files, _, _ = socket.recv_fds(connection, 1, 3)
                try:
                    state = json.loads(connection.makefile().readline())
                    _load(state["libraries"])
                    if not os.fork():
                        try:
                            server.close()
                            _become(connection, state, files)
                        finally:  # whatever happens, one process serves
                            os._exit(1)
                finally:
                    for file in files:
                        os.close(file)
    Path(address).unlink()
    Path(address).parent.rmdir()


def _load(libraries: Sequence[str]) -> None:
    """Load what is missing of some libraries, and what transformers keeps once it is made."""
    missing = [library for library in libraries if library not in sys.modules]
    for library in missing:
        importlib.import_module(library)
    if "transformers" in missing:
        mapping = importlib.import_module("transformers.conversion_mapping")
        mapping.get_checkpoint_conversion_mapping("bert")
    if missing:  # none of it is garbage: no fork is to look through it, and copy it by that
        gc.collect()
        gc.freeze()


def _become(connection: socket.socket, state: Mapping[str, Any], files: Sequence[int]) -> None:
    """Run the script that the other end of `connection` was running, and tell how it ended."""
    connection.settimeout(None)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(state["folder"])
    os.environ.clear()
    os.environ.update(state["environment"])
    sys.argv = state["argv"]
    with contextlib.suppress(OSError):  # a group of another session
        os.setpgid(0, state["group"])
    connection.sendall(f"{os.getpid()}\n".encode())
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    connection.sendall(f"{_run(sys.argv[0])}\n".encode())
    os._exit(0)


def _run(script: str) -> int:
    """Run a script as the main program; return the exit status it would have had."""
    try:
        runpy.run_path(script, run_name="__main__")
        return 0
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _end_with(connection: socket.socket) -> None:
    """End this process at once when the process at the other end of `connection` is gone."""
    with contextlib.suppress(OSError):
        connection.recv(1)
    os._exit(1)


if __name__ == "__main__":
    serve(sys.argv[1])
