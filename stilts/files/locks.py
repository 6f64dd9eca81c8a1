"""One writer at a time: locks that the kernel releases when the process that holds them ends."""

import contextlib
import fcntl
import logging
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)


@contextlib.contextmanager
def exclusive(key: str, file: Path) -> Iterator[None]:
    """Hold the lock of `key` while the block runs; wait for whoever holds it now.

    Two processes can be at the same work: SLURM starts a job again elsewhere while its old process
    still runs on a node that was lost, or a workflow is started again beside the jobs of one that
    was killed.

    A lock is one byte of `file`, chosen by the key, so there is nothing to clean up. Of several
    locks on one file a process may hold only one: POSIX drops all of them with the first `close`.

    Args:
        key: hexadecimal digits, 15 or more.
        file: holds the locks of all keys; it stays empty.
    """
    offset = int(key[:15], 16)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as stream:
        try:
            try:
                fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
            except (BlockingIOError, PermissionError):
                log.info("another process is at %s: waiting for it", key[:15])
                fcntl.lockf(stream, fcntl.LOCK_EX, 1, offset)
        except OSError as error:
            # Two writers would do the same work twice, and write the same bytes.
            log.warning("this file system has no locks, going on without: %s: %s", file, error)
        yield
