"""Rules that only look, called while another call of snakemake is at work in the same folder."""

from collections.abc import Callable
from typing import Any


def beside_a_run(workflow: Any, look: Callable[[], Any]) -> Callable[[Any], Any]:
    """Return a param of a rule that makes nothing: what `look` returns.

    Such a call is refused by no lock, but Snakemake (proven against 9.27.1) removes every lock of
    the folder when any call ends, that of the call at work included.
    """

    def param(wildcards: Any) -> Any:
        if not any(workflow.persistence.all_outputfiles()):
            workflow.persistence.unlock = workflow.persistence.noop
        return look()

    return param
