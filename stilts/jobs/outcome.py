"""Train one grid point from a start that many share, and put down what came of it."""

import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from stilts.files.manifest import sha256_of_bytes
from stilts.files.store import Store
from stilts.jobs.judgement import judge
from stilts.jobs.reading import read_scored, read_train
from stilts.jobs.trial import Setting
from stilts.models.head import pose
from stilts.models.load import copy_weights, freeze_encoder, load, reset, start_encoder
from stilts.models.room import demand_room
from stilts.question.recipe import READING
from stilts.training.history import History
from stilts.training.loop import train
from stilts.training.progress import Progress
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace

# Settings of how things are read.
FORM = (*READING, "head", "dropout", "freeze", "pooler", "encoder", "select")


class Outcome(NamedTuple):
    """What a run came to: the result, the bytes of its predictions file, how long it took."""

    result: dict[str, Any]
    predictions: bytes
    timing: dict[str, Any]


class Start:
    """The common start of trials: a model, its weights, and the target's tokens, each read once.

    Args:
        setting: what the trials share.
        checkpoint: the folder of the starting model.
        data: the folder of the target's canonical rows.
        store: holds snapshots, from which a trial goes on, and encoded splits.
        minutes: time between the snapshots of a trial.
        graphs: see `Workspace`.
    """

    def __init__(
        self,
        setting: Setting,
        checkpoint: Path,
        data: Path,
        store: Store,
        *,
        minutes: float,
        graphs: bool,
    ):
        self.setting, self.checkpoint, self.data, self.store = setting, checkpoint, data, store
        self.minutes, self.graphs = minutes, graphs
        self._form: tuple[Any, ...] = ()

    def run(self, recipe: Mapping[str, Any], key: str, progress: Progress) -> Outcome:
        """Train a point by its recipe and return what came of it; a diverged run is a result."""
        began = time.perf_counter()
        self.take_form(recipe)
        reset(self._workspace.model, self._weights, self._reports, recipe["seed"])
        if recipe["encoder"] == "new":
            start_encoder(self._workspace.model, recipe["seed"])
        with Snapshot(self.store.snapshot(key), self.minutes) as snapshot:
            history = train(
                self._workspace,
                self._train,
                recipe,
                scored=self._scored,
                progress=progress.step,
                snapshot=snapshot,
            )
        seconds = snapshot.earlier + time.perf_counter() - began
        result, predicted = self._result(recipe, history)
        return Outcome(result, predicted, _timing(seconds, history))

    def take_form(self, recipe: Mapping[str, Any]) -> None:
        """Read model and data in the form that a recipe asks for, unless they are in it."""
        form = tuple(recipe[name] for name in FORM)
        if form == self._form:
            return
        self._form = ()
        task = pose(self.setting.spec["task"], recipe["head"])
        model, tokenizer, self._reports = load(
            self.checkpoint,
            [task],
            recipe["seed"],
            dropout=recipe["dropout"],
            new_pooler="new" in (recipe["pooler"], recipe["encoder"]),
        )
        if recipe["freeze"] == "encoder":
            freeze_encoder(model, self._reports)
        self._weights = copy_weights(model)
        self._workspace = Workspace(
            model, self.setting.precision, self.setting.device, graphs=self.graphs
        )
        reading = {"tokenizer": tokenizer, "reading": recipe, "store": self.store}
        self._train = {task.name: read_train(task, self.data, **reading)}
        self._scored = read_scored(task, self.data, select=recipe["select"], **reading)
        read = (*self._train.values(), *(part.examples for part in self._scored))
        demand_room(model, read, task.name)
        self._form = form

    def _result(self, recipe: Mapping[str, Any], history: History) -> tuple[dict[str, Any], bytes]:
        """Return what a run came to, whatever metric it is asked for by; and its predictions."""
        name, chosen = self.setting.spec["task"]["name"], history.chosen(recipe["select"])
        outputs = [history.outputs[chosen][part.name] for part in self._scored]
        head = self._workspace.model.head(name)
        judged, predicted = judge(head, self._scored, outputs, history.losses)
        facts = self.setting.facts(recipe)
        facts["digests"]["predictions"] = sha256_of_bytes(predicted)
        result = {
            **facts,
            "epochs": history.epochs,
            "chosen": chosen,
            **judged,
            "diverged": history.diverged,
            "head": next(iter(self._reports.values())),
            "n_train": self._train[name].asked,
            "steps": history.steps,
        }
        return result, predicted


def _timing(seconds: float, history: History) -> dict[str, Any]:
    cuda = torch.cuda.is_available()
    peak = (
        torch.cuda.max_memory_allocated() / 2**20
        if cuda
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    )
    return {
        "seconds": round(seconds, 4),
        "tokens": history.tokens,
        "tokens_per_second": round(history.tokens / seconds),
        "peak_memory_mb": round(peak),
        "device": torch.cuda.get_device_name() if cuda else "cpu",
    }
