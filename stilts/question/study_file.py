"""Where a study stands: in a folder of the project, or in a file or folder of the reader's."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stilts.errors import UserError, shown, unknown
from stilts.files.strict_yaml import read_yaml
from stilts.question.chain import NONE, parse_chain
from stilts.question.settings import demand_block

PAPER = "paper"  # the protocol that every study has
STUDY = "study.yaml"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")  # becomes part of a path
_WHERE = "config key 'studies'"


class StudyFile(NamedTuple):
    """A study before it is read.

    Attributes:
        name: becomes part of paths.
        path: its YAML file.
        folder: where its report and printed numbers may lie; None for a file that stands alone.
        own: whether it is the reader's, not one of the project's.
    """

    name: str
    path: Path
    folder: Path | None
    own: bool


def find_studies(root: Path, asked: list[str]) -> list[StudyFile]:
    """Return where the studies stand that a config names.

    Args:
        root: the folder that holds `studies/`.
        asked: names of the project's, YAML files, or folders with a study.yaml.

    Raises:
        UserError: there is no such study, or two have one name.
    """
    known = sorted(path.parent.name for path in (root / "studies").glob(f"*/{STUDY}"))
    found = [_find(root, entry, known) for entry in asked]
    names = [study.name for study in found]
    for study in found:
        if study.own and study.name in known or names.count(study.name) > 1:
            raise UserError(
                f"{_WHERE}: '{study.path}' would be a second study '{study.name}': give it another"
                " name"
            )
    return found


def _find(root: Path, entry: str, known: list[str]) -> StudyFile:
    if _NAME.fullmatch(entry) and not entry.endswith((".yaml", ".yml")):
        if entry not in known:
            raise unknown("study", entry, [*known, "a YAML file", "a folder"], _WHERE)
        folder = root / "studies" / entry
        return StudyFile(entry, folder / STUDY, folder, own=False)
    place = Path(entry).expanduser()
    path = place / STUDY if place.is_dir() else place
    if not path.is_file():
        raise UserError(
            f"{_WHERE}: '{entry}' is neither a YAML file, nor a folder with a {STUDY}, nor one of"
            f" {', '.join(known)}"
        )
    name = place.resolve().name if place.is_dir() else place.stem
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{_WHERE}: {shown(name)}, the name of '{entry}', becomes part of paths: use a-z, 0-9,"
            " '.', '_' and '-'"
        )
    return StudyFile(name, path, place if place.is_dir() else None, own=True)


def with_own_blocks(config: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Return the config with the tasks and models that studies of the reader's own bring along.

    What the config itself says of one goes over it.

    Raises:
        UserError: see `find_studies`; or two studies say different things of a task or model.
    """
    brought: dict[str, dict[str, Any]] = {"tasks": {}, "models": {}}
    for study in find_studies(root, config["studies"]):
        content = read_yaml(study.path) if study.own else {}
        for key, known in brought.items():
            blocks = content.get(key) or {}
            for name, block in blocks.items() if isinstance(blocks, Mapping) else ():
                if block is None:  # a model of the catalogue
                    continue
                demand_block(block, f"{study.path}, {key}.{name}")
                if known.setdefault(name, block) != block:
                    raise UserError(f"{study.path}, {key}.{name}: another study says otherwise")
    laid = {
        key: {
            name: {**known.get(name, {}), **config[key].get(name, {})}
            for name in {**known, **config[key]}
        }
        for key, known in brought.items()
    }
    return {**config, **laid}


def read_study(study: StudyFile) -> dict[str, Any]:
    """Return what a study's file says; of the reader's own with what may be left out.

    A study of one's own needs models, chains, targets and a grid. It may bring `tasks`, as blocks
    of the catalogue, and models with where they lie: `models: {mine: {path: /models/mine}}`.
    """
    content = {"grids": {}, "scores": {}, **read_yaml(study.path)}
    if not study.own:
        return content
    content = {"title": study.name, "settings": {}, "protocols": {PAPER: {}}, **content}
    content.pop("tasks", None)  # see `with_own_blocks`
    if isinstance(content.get("models"), Mapping):
        content["models"] = list(content["models"])
    if "chains" in content or "targets" in content:
        if "sweeps" in content:
            raise UserError(f"{study.path}: give 'chains' and 'targets', or 'sweeps', not both")
        sweep = {key: content.pop(key) for key in ("chains", "targets") if key in content}
        content["sweeps"] = {"all": sweep}
    return content


def own_scores(chains: Iterable[str]) -> dict[str, Any]:
    """Return the blocks of scores that ask what the last stage of each chain learnt."""
    walked = [chain for chain in dict.fromkeys(chains) if chain != NONE]
    return {
        f"learnt_{number}": {"chains": [chain], "tasks": list(parse_chain(chain)[-1].tasks)}
        for number, chain in enumerate(walked, start=1)
    }
