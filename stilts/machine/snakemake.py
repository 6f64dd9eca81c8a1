"""What this project asks of Snakemake's own objects, beyond what its documentation promises.

Everything else that reaches into Snakemake or its plugin for SLURM is in `stilts.machine.slurm`.
"""

import contextlib
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from stilts.machine.bars import Bars, Coming, take_over

# The versions that all of it was tried with; a test compares them with the pins.
PROVEN = {"snakemake": "9.27.1", "snakemake-executor-plugin-slurm": "2.8.0"}
_EVERYWHERE = ("scale", "study")  # wildcards that tell no job from another


def is_main(workflow: Any) -> bool:
    """Return whether this process is the command itself, and not one of its jobs."""
    return workflow.is_main_process


def runs_here(workflow: Any) -> bool:
    """Return whether this process is the command itself, and its jobs run on this machine."""
    return workflow.is_main_process and workflow.local_exec


def wake_once(workflow: Any) -> None:
    """Let one timer at a time wake the scheduler, in place of one more for every job that ended.

    With a limit of jobs per second, which Snakemake always has, each look at the ready jobs starts
    a timer that has it look again, and so on for good: after 500 jobs it looked 500 times a second,
    which took a fifth of a core. Call it when the scheduler is there.
    """
    scheduler = workflow.scheduler
    waiting = threading.Event()

    def wake() -> None:
        waiting.clear()
        scheduler._open_jobs.release()

    def wake_later(delay: float) -> None:
        if not waiting.is_set():
            waiting.set()
            threading.Timer(delay, wake).start()

    # So Snakemake spells it.
    scheduler._schedule_reevalutation = wake_later


def show_bars(workflow: Any) -> Bars | None:
    """Show bars in place of Snakemake's lines, where a run is watched on a terminal.

    Not with `--quiet`, `--verbose` or `--logger`: who says how to be told is told so. The lines
    stand in Snakemake's own log file all the same. Call it when the graph is there.
    """
    from snakemake.logging import ColorizingTextHandler, logger

    told = workflow.output_settings
    if not is_main(workflow) or told.quiet or told.verbose or workflow.dryrun:
        return None
    coming = {job.jobid: _coming(job) for job in workflow.dag.needrun_jobs()}
    return take_over(logger, ColorizingTextHandler, coming)


def _coming(job: Any) -> Coming:
    name = " ".join(value for key, value in job.wildcards_dict.items() if key not in _EVERYWHERE)
    return Coming(job.rule.name, str(next(iter(job.log), "")), name)


def before_the_graph(
    workflow: Any, commands: Collection[str], act: Callable[[Callable[[str], bool], bool], None]
) -> None:
    """Call a function before a run looks at which files are there.

    Not before `--touch`, `--unlock`, `--report` and the like, nor where all that is asked for are
    `commands`, nor while the folder is locked: another run may be at work.

    Args:
        workflow: Snakemake's.
        commands: targets that make nothing.
        act: is given a function that says of a path whether Snakemake has no record of it, and
            whether the run is a dry one, before which nothing may change.
    """
    build = workflow._build_dag

    def act_and_build() -> None:
        runs = workflow.executor_plugin is not None and workflow.is_main_process
        makes = not set(workflow.dag_settings.targets or {"all"}) <= set(commands)
        if runs and makes and not workflow.touch:
            if not any(workflow.persistence._read_locks()):
                act(lambda path: not _is_known(workflow.persistence, path), workflow.dryrun)
        build()
        if runs:
            _beside_a_run(workflow.persistence)

    workflow._build_dag = act_and_build


def _beside_a_run(persistence: Any) -> None:
    """Let a call that makes nothing, such as `status`, take no lock and remove none.

    It can be at work beside another call of snakemake in the same folder. No lock would refuse it,
    but Snakemake removes every lock of the folder when any call ends, and leaves a call's own where
    it does not.
    """
    if not any(persistence.all_outputfiles()):
        persistence.lock = contextlib.nullcontext


def _is_known(persistence: Any, path: str) -> bool:
    """Return whether Snakemake has a record of a file; what the record says is not read."""
    place = getattr(persistence, "_record_path", None)
    if place is None:  # a database in place of files
        return persistence._read_record(path) is not None
    return Path(place(persistence._metadata_path, path)).exists()


def root_of(workflow: Any) -> Path:
    """Return the folder of the Snakefile."""
    return Path(workflow.basedir)


def config_files(workflow: Any) -> list[Path]:
    """Return the files that the config was read from, in order."""
    return [Path(file) for file in workflow.configfiles]
