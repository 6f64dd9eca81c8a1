"""The environment of jobs: the code of this folder, and nothing of a shell or a notebook."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from stilts.errors import UserError

# A notebook's backend ends every figure, and without the current folder no job finds its script's
# neighbours.
UNWANTED = ("MPLBACKEND", "PYTHONSAFEPATH")


def settle(root: Path) -> None:
    """Let this process's jobs run the code below `root`, whatever else is on the path.

    Jobs are started with this process's environment: a `PYTHONPATH` or an editable install of
    another clone would make data by that clone's code, under the fingerprints of this one's.

    Raises:
        UserError: this process itself has another clone's code, its path has a space, or the folder
            has no config.
    """
    here = Path(__file__).resolve().parents[2]
    if here != root.resolve():
        raise UserError(
            f"the code that is loaded is that of {here}, and not of {root}: call snakemake in an"
            " environment without another stilts, or unset PYTHONPATH"
        )
    if " " in sys.executable:
        raise UserError(
            f"Python stands in '{sys.executable}', and Snakemake's jobs cannot call a path with a"
            " space: move the project to a folder without one"
        )
    if not Path("config.yaml").is_file():
        raise UserError(
            f"there is no config.yaml in {Path.cwd()}: go to {root}, or copy its config.yaml here"
        )
    for name in UNWANTED:
        os.environ.pop(name, None)
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    paths = [str(here), *(path for path in others if Path(path).resolve() != here)]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def demand_values(arguments: Sequence[str]) -> None:
    """Refuse `--config key=` without a value: an unset shell variable, most often.

    Args:
        arguments: of the command.

    Raises:
        UserError: names the key.
    """
    asked = False
    for argument in arguments:
        if argument.startswith("-"):
            asked = argument in ("--config", "-C")
            continue
        key, equals, value = argument.partition("=")
        if asked and equals and not value.strip("'\" "):  # Snakemake takes it for null
            raise UserError(
                f"config key '{key}' is given no value (an unset shell variable?): write"
                f" {key}=null for none"
            )
