"""A trial: one grid point of a (model, chain, target). Its identity, and shards of trials."""

import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from stilts.errors import UserError
from stilts.files.fingerprint import fingerprint
from stilts.files.manifest import digest_of, read_manifest
from stilts.files.store import TrialStore, publish
from stilts.machine.hardware import device_kind, resolve_precision
from stilts.question.grid import parse_point

ENGINE = "stilts.jobs.finetune_targets"
LIBRARIES = ("torch", "transformers", "tokenizers")
# Names of a run in this study; two studies may share a stored trial under different names.
NAMES = ("study", "scale", "protocol", "model", "chain", "target")

log = logging.getLogger(__name__)


class Trial(NamedTuple):
    """A grid point, its full recipe, and where its files go."""

    point: str
    recipe: dict[str, Any]
    run: Path
    predictions: Path


# Holds a trial for this process; the value tells whether it is still to be trained.
Claim = Callable[[Trial], AbstractContextManager[bool]]


class Setting(NamedTuple):
    """What every trial of a shard shares, as far as it can change a result."""

    spec: Mapping[str, Any]
    checkpoint: str
    train: str
    validation: str
    code: str
    device_kind: str
    precision: str
    versions: dict[str, str]

    def facts(self) -> dict[str, Any]:
        """Return the part of a run file that tells what the run was computed from."""
        return {
            "precision": self.precision,
            "device_kind": self.device_kind,
            "versions": self.versions,
            "digests": {
                "checkpoint": self.checkpoint,
                "train": self.train,
                "validation": self.validation,
                "code": self.code,
            },
        }

    def key(self, recipe: Mapping[str, Any]) -> str:
        """Return the trial's key in the store: equal keys mean equal results."""
        return digest_of({**self.facts(), "task": self.spec["task"], "recipe": dict(recipe)})


def read_setting(
    spec: Mapping[str, Any], checkpoint: Path, data: Path, device: str, entry: str = ENGINE
) -> Setting:
    """Gather what the trials of a cell depend on, from the manifests of their parents.

    Raises:
        FileNotFoundError: a parent is not whole.
        UserError: the device that is asked for is not there.
    """
    kind = device_kind(device)
    splits = read_manifest(data)["splits"]
    return Setting(
        spec=spec,
        checkpoint=read_manifest(checkpoint)["sha256"],
        train=splits["train"]["sha256"],
        validation=splits["validation"]["sha256"],
        code=fingerprint(entry),
        device_kind=kind,
        precision=resolve_precision(spec["precision"], kind, _width(checkpoint)),
        versions=library_versions(),
    )


def _width(checkpoint: Path) -> int:
    """Return the hidden size of a model; 0 where its config does not say."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text()) if path.is_file() else {}
    return config.get("hidden_size") or config.get("n_embd") or 0


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that can change a result."""
    return {name: version(name).split("+")[0] for name in LIBRARIES}


def shard(spec: Mapping[str, Any], runs: Iterable[str], predictions: Iterable[str]) -> list[Trial]:
    """Read the points of a shard off the files it must write, and complete their recipes."""
    return [
        Trial(
            Path(run).stem, {**spec["recipe"], **parse_point(Path(run).stem)}, Path(run), Path(to)
        )
        for run, to in zip(runs, predictions, strict=True)
    ]


def run_shard(
    setting: Setting,
    trials: list[Trial],
    train_points: Callable[[list[Trial], Claim], Iterable[tuple[Trial, Any]]],
    store: TrialStore,
) -> None:
    """Publish the trials that the store holds, train the others, and put those there.

    Args:
        setting: what the trials share.
        trials: the points of this job.
        train_points: gets the trials that are not stored; claims each before it trains it, and
            yields it with its outcome `(result, predictions, timing)`, or with the exception that
            ended it.
        store: where finished trials are kept.

    Raises:
        UserError: some points failed; the others are stored and are not trained again.
    """
    identity = {key: setting.spec[key] for key in NAMES}
    keys = {trial.point: setting.key(trial.recipe) for trial in trials}

    def hand_out(trial: Trial) -> bool:
        entry = store.get(keys[trial.point])
        if entry:
            publish(entry, {**identity, "point": trial.point}, trial.run, trial.predictions)
            store.discard_snapshot(keys[trial.point])
        return entry is not None

    @contextlib.contextmanager
    def claim(trial: Trial) -> Iterator[bool]:
        with store.exclusive(keys[trial.point]):
            yield not hand_out(trial)

    missing = [trial for trial in trials if not hand_out(trial)]
    log.info("%d of %d trials are in the store", len(trials) - len(missing), len(trials))
    failed = []
    for trial, outcome in train_points(missing, claim) if missing else ():
        if isinstance(outcome, Exception):
            log.error("%s failed", trial.point, exc_info=outcome)
            failed.append((trial, outcome.with_traceback(None)))  # its frames hold on to memory
            continue
        result, predictions, timing = outcome
        key = keys[trial.point]
        store.put(key, {**result, "recipe": trial.recipe, "key": key}, predictions, timing)
        hand_out(trial)
    if failed:
        trial, error = failed[0]
        raise UserError(
            f"{len(failed)} of {len(trials)} trials failed, the first at {trial.point}"
            f" ({type(error).__name__}: {error}); the others are kept: mend the cause and run again"
        )
