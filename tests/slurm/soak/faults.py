"""Nine kinds of faults, each as a cluster, a neighbour or a reader brings it about.

A fault is a function of the soak that strikes and returns the trials it struck, or None where
there is nothing now that it could strike. What has to be put right later (a daemon that comes
back) is handed to `soak.later`.
"""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.slurm.soak.watch import Work

if TYPE_CHECKING:
    from tests.slurm.soak.rounds import Soak

Fault = Callable[["Soak"], list[Work] | None]


def kill_trainer(soak: "Soak") -> list[Work] | None:
    """A process that trains is killed (SIGKILL), as by a kernel that is out of memory."""
    work = soak.any_work()
    if work:
        os.kill(work.process, signal.SIGKILL)
        return [work]
    return None


def cancel_job(soak: "Soak") -> list[Work] | None:
    """A job that trains is cancelled (scancel)."""
    work = soak.any_work()
    job = work and soak.fact(work, "SLURM_JOB_ID")
    if job and soak.controller:
        soak.cluster.call("scancel", job)
        return [work]
    return None


def preempt_job(soak: "Soak") -> list[Work] | None:
    """A job that trains makes room for a more urgent one, and SLURM requeues it."""
    work = soak.any_work()
    node = work and soak.fact(work, "SLURMD_NODENAME")
    if node in soak.nodes and soak.controller:
        victims = soak.on_node(node)
        options = ("-p", "urgent", "-w", node, "--exclusive", "-o", "/dev/null")
        soak.cluster.call("sbatch", *options, "--wrap", "sleep 1")
        return victims
    return None


def crash_node(soak: "Soak") -> list[Work] | None:
    """A node loses power: its daemon and all that runs there end; it is back 1 to 20 s later."""
    return _lose_node(soak, soak.cluster.crash)


def lose_daemon(soak: "Soak") -> list[Work] | None:
    """A node's daemon is killed, its jobs run on unseen; it is back 1 to 20 s later."""
    return _lose_node(soak, soak.cluster.kill)


def _lose_node(soak: "Soak", end: Callable[[str], None]) -> list[Work] | None:
    work = soak.any_work()
    node = work and soak.fact(work, "SLURMD_NODENAME")
    if node not in soak.nodes:
        return None
    victims = soak.on_node(node)
    end(node)
    soak.later(soak.random.uniform(1, 20), soak.bring_back(node))
    return victims


def lose_controller(soak: "Soak") -> list[Work] | None:
    """The controller (slurmctld) is killed, and is back 2 to 15 s later."""
    if not soak.controller or not soak.watch.at_work():
        return None
    victims = soak.watch.at_work()
    soak.cluster.kill("slurmctld")
    soak.later(soak.random.uniform(2, 15), soak.bring_back("slurmctld"))
    return victims


def kill_main(soak: "Soak") -> list[Work] | None:
    """The main process is killed (SIGKILL); then `--unlock` and the same command."""
    return _signal_main(soak, signal.SIGKILL)


def stop_main(soak: "Soak") -> list[Work] | None:
    """The main process gets SIGINT (Ctrl-C) or SIGTERM; then the same command."""
    return _signal_main(soak, soak.random.choice([signal.SIGINT, signal.SIGTERM]))


def _signal_main(soak: "Soak", number: signal.Signals) -> list[Work] | None:
    victims = soak.watch.at_work()
    if not victims or not soak.submitting:
        return None
    soak.signal_main(number)
    return victims


def spoil_file(soak: "Soak") -> list[Work] | None:
    """A file is lost or damaged: a run file, its predictions, a store entry, a snapshot.

    A run file or predictions are deleted, or bytes of a stored trial are changed and its run files
    deleted, or bytes of the snapshot of a trial that nobody is at are changed.
    """
    ways = [_delete_published, _damage_entry, _damage_snapshot]
    soak.random.shuffle(ways)
    return [] if any(way(soak) for way in ways) else None


def _delete_published(soak: "Soak") -> bool:
    files = [*soak.published("runs", "json"), *soak.published("predictions", "parquet")]
    if files:
        soak.random.choice(files).unlink()
    return bool(files)


def _damage_entry(soak: "Soak") -> bool:
    runs = {run: soak.key_of(run) for run in soak.published("runs", "json")}
    runs = {run: key for run, key in runs.items() if key and key[:15] in soak.watch.stored()}
    if not runs:
        return False
    run = soak.random.choice(sorted(runs))
    key = runs[run]
    soak.spoilt_entry(key[:15])
    folder = soak.watch.store / "trials" / key[:2] / key
    _change_a_byte(soak.random.choice(sorted(folder.iterdir())), soak.random)
    run.unlink()
    return True


def _damage_snapshot(soak: "Soak") -> bool:
    busy = {work.trial for work in soak.watch.at_work()}
    folders = sorted(soak.watch.store.glob("snapshots/*"))
    idle = [path.name[:15] for path in folders if path.name[:15] not in busy]
    found = [trial for trial in idle if soak.watch.snapshot(trial)]
    if not found:
        return False
    trial = soak.random.choice(found)
    soak.spoilt_snapshot(trial)
    _change_a_byte(soak.watch.snapshot(trial), soak.random)
    return True


def _change_a_byte(path: Path, chance: random.Random) -> None:
    """Change a byte as a bad disk does: without a new time stamp."""
    before = path.stat()
    place = chance.randrange(path.stat().st_size)
    with path.open("r+b") as stream:
        stream.seek(place)
        old = stream.read(1)[0]
        stream.seek(place)
        stream.write(bytes([old ^ chance.randrange(1, 256)]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


KINDS: dict[str, Fault] = {
    "trainer killed": kill_trainer,
    "job cancelled": cancel_job,
    "job pre-empted": preempt_job,
    "node crashed": crash_node,
    "node's daemon killed": lose_daemon,
    "controller away": lose_controller,
    "main process killed": kill_main,
    "main process stopped": stop_main,
    "file lost or damaged": spoil_file,
}
