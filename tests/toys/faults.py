"""Calls of the operating system that kill the process, or fail, at a point of one's choice."""

import contextlib
import errno
import os
import pathlib
import shutil
import tempfile

# How the pieces of work of the tests make, fill, name and remove files. `write_bytes` and
# `write_text` come down to `io.open`, which cannot be replaced, so they are taken themselves.
CALLS = [
    *((os, name) for name in ("fsync", "replace", "rename", "mkdir", "link", "unlink", "rmdir")),
    *((os, name) for name in ("chmod", "utime")),
    *((pathlib.Path, name) for name in ("write_bytes", "write_text")),
    *((tempfile, name) for name in ("mkstemp", "mkdtemp")),
    *((shutil, name) for name in ("copyfile", "rmtree")),
]
KILLED = 137
FAULTS = ("kill", "torn", "EIO", "ENOSPC")


@contextlib.contextmanager
def calls(more=(), at=None, fault=None):
    """Count every call; at number `at` let the fault happen. Yields the names of the calls.

    kill: the process ends before the call. torn: half of what is written is there, then it ends.
    EIO, ENOSPC: the call fails with that error, as does every later one that writes, as on a disk
    that stays full.
    """
    made, kept = [], []

    def wrapped(owner, name, original):
        def call(*given, **named):
            made.append(name)
            if at is not None and (len(made) - 1 == at or (len(made) > at and fault == "ENOSPC")):
                _strike(fault, name, original, given, named)
            return original(*given, **named)

        return call

    for owner, name in (*CALLS, *more):
        original = getattr(owner, name)
        kept.append((owner, name, original))
        setattr(owner, name, wrapped(owner, name, original))
    try:
        yield made
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)


def _strike(fault, name, original, given, named):
    frees = name in ("unlink", "rmdir", "rmtree", "chmod", "utime")
    if fault == "ENOSPC" and frees:
        return  # a full disk can be freed
    if fault in ("EIO", "ENOSPC"):
        raise OSError(getattr(errno, fault), os.strerror(getattr(errno, fault)))
    if fault == "torn":
        if name in ("write_bytes", "write_text"):
            path, content = given
            original(path, content[: len(content) // 2])
        elif not frees:
            with contextlib.suppress(OSError):  # as for a folder that is there
                original(*given, **named)  # done, and nothing after it
    os._exit(KILLED)


def in_a_child(work):
    """Run a piece of work in a child process; return its exit status, 1 if it raised."""
    return end_child(begin_child(work))


def begin_child(work):
    """Start a piece of work in a child process; return the process."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def end_child(child):
    """Wait for a child process; return its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
