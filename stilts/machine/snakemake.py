"""What this project asks of Snakemake's own objects, beyond what its documentation promises.

Everything else that reaches into Snakemake or its plugin for SLURM is in `stilts.machine.slurm`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

# The versions that all of it was tried with; a test compares them with the pins.
PROVEN = {"snakemake": "9.27.1", "snakemake-executor-plugin-slurm": "2.8.0"}


def is_main(workflow: Any) -> bool:
    """Return whether this process is the command itself, and not one of its jobs."""
    return workflow.is_main_process


def runs_here(workflow: Any) -> bool:
    """Return whether this process is the command itself, and its jobs run on this machine."""
    return workflow.is_main_process and workflow.local_exec


def root_of(workflow: Any) -> Path:
    """Return the folder of the Snakefile."""
    return Path(workflow.basedir)


def config_files(workflow: Any) -> list[Path]:
    """Return the files that the config was read from, in order."""
    return [Path(file) for file in workflow.configfiles]


def beside_a_run(workflow: Any, look: Callable[[], Any]) -> Callable[[Any], Any]:
    """Return a param of a rule that makes nothing: what `look` returns.

    Such a rule can be called while another call of snakemake is at work in the same folder. No lock
    refuses it, but Snakemake removes every lock of the folder when any call ends, that of the call
    at work included.
    """

    def param(wildcards: Any) -> Any:
        if not any(workflow.persistence.all_outputfiles()):
            workflow.persistence.unlock = workflow.persistence.noop
        return look()

    return param
