"""The one training function, for intermediate stages and targets alike."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from stilts.models.batch import pack
from stilts.models.tokens import Encoded
from stilts.question.recipe import complete
from stilts.training.evaluation import ScoredSplit, score
from stilts.training.history import History
from stilts.training.memory import pieces
from stilts.training.optimizers import OPTIMIZERS
from stilts.training.snapshot import Snapshot, State
from stilts.training.steps import draw, rate, total_steps
from stilts.training.workspace import Workspace


def train(
    workspace: Workspace,
    train_sets: Mapping[str, Encoded],
    recipe: Mapping[str, Any],
    *,
    scored: Sequence[ScoredSplit] = (),
    progress: Callable[[History, int, Tensor], None] | None = None,
    snapshot: Snapshot | None = None,
) -> History:
    """Train a model in place by `recipe` and score it after every epoch, or after the last.

    workspace: holds the model.
    train_sets: task -> its examples; of several tasks one batch each in turn.
    recipe: training settings; `stilts.question.recipe` has their meaning and defaults.
    scored: what the model is scored on, when the setting `evaluate` says so.
    progress: called after every optimiser step with the history so far, the steps in all and the
        step's loss, which is still on the device.
    snapshot: where to go on from, and where to save to on the way.
    """
    recipe = complete(recipe)
    weights = workspace.open(train_sets.values())
    optimizer = OPTIMIZERS[recipe["optimizer"]](weights, recipe)
    sizes = {task: len(examples) for task, examples in train_sets.items()}
    total = total_steps(sizes, recipe)
    torch.manual_seed(recipe["seed"])
    order = torch.Generator().manual_seed(recipe["order_seed"])
    state = State(weights, optimizer, order)
    if snapshot:
        snapshot.restore(state)
    history = state.history
    for epoch in range(len(history.epochs) + 1, recipe["epochs"] + 1):
        if history.diverged:  # NaN weights stay NaN: every further epoch would repeat the last
            break
        for window in draw(sizes, recipe, order)[state.windows :]:
            examples_of = train_sets[window.task]
            loss = torch.zeros((), device=weights[0].device)
            for examples, weight in window.parts:
                for piece in pieces(examples_of, examples, workspace.limit):
                    batch = pack(examples_of, piece)
                    loss += workspace.accumulate(batch, weight, window.task)
                    history.tokens += batch.tokens.shape[1]
                if recipe["clip_each"] == "micro_batch":
                    workspace.clip(recipe)
            if window.stepped:  # otherwise these gradients wait for the next epoch's first step
                if recipe["clip_each"] == "step":
                    workspace.clip(recipe)
                for group in optimizer.param_groups:
                    group["lr"] = recipe["lr"] * rate(history.steps, total, recipe)
                workspace.step(optimizer, window.task)
                state.losses.append(loss)
                history.steps += 1
                if progress:
                    progress(history, total, loss)
            state.windows += 1
            if snapshot:
                snapshot.keep(state)
        history.close_epoch(epoch, torch.stack(state.losses).tolist())
        if scored and (recipe["evaluate"] == "epoch" or history.over(recipe["epochs"])):
            score(workspace, scored, history)
        if history.chosen(recipe["select"]) == epoch - 1:
            state.keep_weights(recipe["select"])
        state.next_draw()
        if snapshot:
            snapshot.keep(state)
    state.take_kept()
    workspace.close()
    return history
