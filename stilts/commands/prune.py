"""What no question can use any more: stored trials, snapshots, and what killed jobs left behind."""

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.commands.plan import size_text
from stilts.commands.status import LOCKS
from stilts.errors import UserError
from stilts.files import plugins
from stilts.files.fingerprint import ROOT, fingerprint
from stilts.files.manifest import MANIFEST, digest_of
from stilts.files.store import STORE, Store
from stilts.files.strict_yaml import read_yaml
from stilts.jobs.trial import ENTRY, library_versions, read_setting
from stilts.machine.vitals import jobs_at_work
from stilts.question.ask import ask
from stilts.question.code import FAMILIES, plugins_of
from stilts.question.paths import Layout
from stilts.question.recipe import complete
from stilts.question.targets import Targets

DAY = 24 * 3600


@dataclass(frozen=True)
class Group:
    """Files and folders to delete for one reason, and how many of their kind stay."""

    title: str
    paths: Sequence[Path]
    kept: int

    @property
    def bytes(self) -> int:
        """Return the size of everything to delete."""
        return sum(_bytes(path) for path in self.paths)


class Uses:
    """Which trials the questions of a project can use, or their run files name.

    Args:
        layouts: of every question: the one asked now, and those recorded below `results/`.
        store: the trial store.
        results: the folder of all artefacts.
    """

    def __init__(self, layouts: Sequence[Layout], store: Store, results: Path):
        self.entries = {path.name: _result(path) for path in store.trials.folders()}
        self._found = {(e["device_kind"], e["precision"]) for e in self.entries.values() if e}
        self._keys = set(_named(results))
        # Recipes of trials whose parents are not there, so that their keys are not known, with the
        # code that may have trained them.
        self._open: dict[str, set[str]] = {}
        for layout in layouts:
            self._add(layout)
        asked = [Targets(layout) for layout in layouts]
        files = [file for each in asked for file in (*each.checkpoints(), *each.runs())]
        self.unfinished = not all(Path(file).is_file() for file in files)

    def _add(self, layout: Layout) -> None:
        for study, plan in layout.question.plans.items():
            for cell in plan.cells:
                spec = plan.target_spec(*cell)
                recipes = [
                    complete({**spec["recipe"], **values}) for values in plan.points[cell].values()
                ]
                parents = (
                    Path(layout.checkpoint_folder(study, cell.model, cell.chain)),
                    Path(layout.data_folder(cell.target)),
                )
                if not all((folder / MANIFEST).is_file() for folder in parents):
                    for recipe in recipes:
                        self._open.setdefault(digest_of(recipe), set()).update(codes(spec, recipe))
                    continue
                checkpoint, data = parents
                setting = read_setting(spec, checkpoint, {cell.target: data}, "cpu", ENTRY)
                # A login node without a GPU must know the trials of nodes with one.
                for kind, precision in self._found:
                    if spec["precision"] in ("auto", precision):
                        there = setting._replace(device_kind=kind, precision=precision)
                        self._keys |= {there.key(recipe) for recipe in recipes}

    def has(self, key: str) -> bool:
        """Return whether a stored trial is named by a run file or can answer a question."""
        entry = self.entries[key]
        return key in self._keys or bool(
            entry
            and entry["digests"]["code"] in self._open.get(digest_of(entry["recipe"]), ())
            and entry["versions"] == library_versions()
        )


def codes(spec: Mapping[str, Any], recipe: Mapping[str, Any]) -> set[str]:
    """Return the code that a trial may depend on, whatever the family of its model."""
    heads = {spec["target"]: recipe["head"]}
    return {
        fingerprint(ENTRY, *plugins_of([spec["task"]], family, heads, recipe["select"]))
        for family in (*plugins.names(FAMILIES), "")
    }


def ask_all(config: Mapping[str, Any], results: Path, root: Path = ROOT) -> list[Layout]:
    """Return the question of `config` and those that `results/{scale}/config.yaml` record.

    Raises:
        UserError: a recorded question cannot be asked any more, so its trials are not known.
    """
    layouts = [Layout(ask(config, root))]
    for path in sorted(results.glob("*/config.yaml")):
        try:
            layouts.append(Layout(ask({**config, **read_yaml(path)["config"]}, root)))
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise UserError(
                f"{path} records a question that cannot be asked any more ({error}): delete it if"
                " its trials are not wanted, or mend the cause"
            ) from error
    return layouts


def find(config: Mapping[str, Any], results: Path = STORE.parent) -> list[Group]:
    """Return what can be deleted without a loss; whatever is younger than a day is kept."""
    store = Store(results / STORE.name)
    uses = Uses(ask_all(config, results), store, results)
    trials = store.trials.folders()
    unused = [path for path in trials if not uses.has(path.name) and _old(path)]
    stages = store.stages.folders()
    named = set(_stages(results))
    # One whose checkpoint is not there now is what it will be made from again.
    idle_stages = [
        path for path in stages if not uses.unfinished and path.name not in named and _old(path)
    ]
    snapshots = sorted(store.snapshot("").glob("*"))
    # Those of stages and of trials to come are needed until everything is there.
    spent = [path for path in snapshots if uses.entries.get(path.name) or not uses.unfinished]
    spent = [path for path in spent if _old(path)]
    encodings = sorted(store.encoding("").parent.glob("*"))
    idle = [path for path in encodings if _old(path)]
    litter = [path for path in _litter(results) if _old(path)]
    return [
        Group("trials that no question can use", unused, len(trials) - len(unused)),
        Group("stages that no checkpoint is", idle_stages, len(stages) - len(idle_stages)),
        Group("snapshots that no run goes on from", spent, len(snapshots) - len(spent)),
        Group("tokens not read for a day", idle, len(encodings) - len(idle)),
        Group("temporary files of killed jobs", litter, 0),
    ]


def delete(groups: Sequence[Group]) -> None:
    """Delete what `find` found.

    Raises:
        UserError: a workflow is at work in this folder, or a killed one left its lock.
    """
    busy = jobs_at_work()
    if busy:
        raise UserError(f"nothing deleted: a job is at work ({busy[0]}); wait for the run to end")
    if LOCKS.is_dir() and any(LOCKS.iterdir()):
        raise UserError(
            "nothing deleted: the folder is locked by a run; wait for its end, or, if it was"
            " killed, type snakemake --unlock"
        )
    for group in groups:
        for path in group.paths:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def prune_text(groups: Sequence[Group], verb: str) -> str:
    """Return what was found as text for a terminal; `verb` is `would free` or `freed`."""
    lines = [f"{'':38}{'count':>8}{'size':>10}{'kept':>8}"]
    lines += [_row(group.title, group.paths, group.bytes, str(group.kept)) for group in groups]
    paths = [path for group in groups for path in group.paths]
    total = sum(group.bytes for group in groups)
    if not paths:
        return "\n".join([*lines, "", "Nothing to prune."])
    lines += [_row(verb, paths, total, ""), ""]
    if verb == "freed":
        return "\n".join(lines).rstrip()
    lines.append("Kept: what a run file names, what the question of config.yaml or one recorded in")
    lines.append("results/*/config.yaml can use, and what is younger than a day.")
    lines.append("Next: snakemake --cores 1 prune_delete, with the same --config and --configfile")
    return "\n".join(lines)


def _row(title: str, paths: Sequence[Path], size: int, kept: str) -> str:
    return f"{title:38}{len(paths):>8,}{size_text(size):>10}{kept:>8}".rstrip()


def _result(folder: Path) -> dict[str, Any]:
    """Return a stored trial's result, or nothing where it is damaged."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return result if result["device_kind"] and result["recipe"] else {}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def _named(results: Path) -> Iterator[str]:
    for path in results.glob("*/*/runs/**/*.json"):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))["key"]
        except (ValueError, KeyError, TypeError):
            continue  # damaged: it names nothing


def _stages(results: Path) -> Iterator[str]:
    """Yield the keys of the checkpoints that are there."""
    for path in results.glob(f"*/*/checkpoints/*/*/{MANIFEST}"):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))["key"]
        except (ValueError, KeyError, TypeError):
            continue  # damaged: it names nothing


def _litter(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".new-") or (path.name[0] == "." and path.suffix == ".tmp"):
            yield path
        elif path.is_dir() and not path.is_symlink():
            yield from _litter(path)


def _old(path: Path) -> bool:
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    return time.time() - max(file.stat().st_mtime for file in files) > DAY


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
