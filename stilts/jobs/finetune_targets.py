"""Fine-tune a checkpoint on a target at the grid points of a job that no earlier job finished."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stilts.errors import UserError
from stilts.files.asked import with_asked
from stilts.files.store import Store
from stilts.jobs.publish import publish
from stilts.jobs.registered import registered
from stilts.jobs.trial import ENTRY, Setting, Trial, read_setting, read_trials
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling

if TYPE_CHECKING:
    from stilts.jobs.outcome import Start

CHAIN = -3  # where the chain stands in the path of a run file

log = logging.getLogger(__name__)


def finetune_walks(
    params: Any,
    runs: Sequence[str],
    predictions: Sequence[str],
    *,
    checkpoints: Sequence[str],
    data: Path,
    handling: Handling,
    store: Store | None = None,
) -> None:
    """Do `finetune_targets` for every chain of a job; they differ in the seed of a walk alone.

    Args:
        params: of the rule; its `spec` may name the chain without its seed.
        runs: the run files to write; their paths tell the chains and points.
        predictions: the prediction files, in the same order.
        checkpoints: the manifests of the starting models, in the order of their chains.
        data: the folder of the target's canonical rows.
        handling: how the job is to do its work.
        store: where finished trials are kept.

    Raises:
        UserError: some points of the last chain that has such failed; all others are stored.
    """
    walks: dict[str, list[tuple[str, str]]] = {}
    for run, to in zip(runs, predictions, strict=True):
        walks.setdefault(Path(run).parts[CHAIN], []).append((run, to))
    failure: UserError | None = None
    for (chain, files), manifest in zip(walks.items(), checkpoints, strict=True):
        places = {"checkpoint": Path(manifest).parent, "data": data}
        spec = with_asked(params, chain=chain)
        try:
            finetune_targets(
                spec, *zip(*files, strict=True), **places, handling=handling, store=store
            )
        except UserError as error:
            failure = error
    if failure:
        raise failure


def finetune_targets(
    spec: Mapping[str, Any],
    runs: Sequence[str],
    predictions: Sequence[str],
    *,
    checkpoint: Path,
    data: Path,
    handling: Handling,
    store: Store | None = None,
) -> None:
    """Write the runs and predictions of a job: from the store, or trained and put there.

    Args:
        spec: as `StudyPlan.target_spec` describes it.
        runs: the run files to write; their names tell the points.
        predictions: the prediction files, in the same order.
        checkpoint: the folder of the starting model.
        data: the folder of the target's canonical rows.
        handling: how the job is to do its work.
        store: where finished trials are kept.

    Raises:
        UserError: some points failed; the others are stored and are not trained again.
    """
    store = store or Store()
    folders = {spec["task"]["name"]: data}
    setting = read_setting(spec, checkpoint, folders, handling.device, ENTRY)
    trials = read_trials(spec, runs, predictions)
    missing = [trial for trial in trials if not _hand_out(trial, setting, store)]
    log.info("%d of %d trials are in the store", len(trials) - len(missing), len(trials))
    if missing:
        take_gpu(handling.device, handling.trials_per_gpu)
        first = missing[0].recipe
        start = _starter(setting, checkpoint, data, store, handling, first)
        _train(missing, setting, start, store)


def _hand_out(trial: Trial, setting: Setting, store: Store) -> bool:
    """Write a trial's files if it is stored; return whether it is."""
    key = setting.key(trial.recipe)
    entry = store.trials.get(key)
    if entry:
        publish(entry, setting.spec, trial)
        store.discard_snapshot(key)
    return entry is not None


def _starter(
    setting: Setting,
    checkpoint: Path,
    data: Path,
    store: Store,
    handling: Handling,
    recipe: Mapping[str, Any],
) -> "Start":
    """Return the start of trials, model and data read: what is wrong there is no trial's fault."""
    import torch  # not needed where the store has all

    from stilts.jobs.outcome import Start

    torch.set_num_threads(handling.threads)
    options = {"minutes": handling.minutes, "graphs": handling.graphs}
    start = Start(setting, checkpoint, data, store, **options)
    start.take_form(recipe)
    return start


def _train(trials: Sequence[Trial], setting: Setting, start: "Start", store: Store) -> None:
    """Train trials one after the other; one that fails does not stop the others."""
    from stilts.training.progress import Progress

    failed: list[tuple[Trial, Exception]] = []
    name = "{model} {chain} {target}".format(**setting.spec)
    with Progress(name, len(trials)) as progress:
        for trial in trials:
            key = setting.key(trial.recipe)
            with store.exclusive(key):
                if not _hand_out(trial, setting, store):  # another job may have been at it
                    try:
                        outcome = start.run(trial.recipe, key, progress)
                    except Exception as error:
                        log.exception("%s failed", trial.point)
                        failed.append((trial, error.with_traceback(None)))  # frames hold memory
                        continue
                    result = {**outcome.result, "recipe": trial.recipe, "key": key}
                    timing = {**outcome.timing, **registered(setting.spec["study"])}
                    store.trials.put(key, result, outcome.predictions, timing)
                    _hand_out(trial, setting, store)
            progress.finish_run()
    if failed:
        trial, error = failed[0]
        raise UserError(
            f"{len(failed)} of {len(trials)} trials failed, the first at {trial.point}"
            f" ({type(error).__name__}: {error}); the others are kept: mend the cause and run again"
        )
