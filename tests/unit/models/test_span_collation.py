"""A span stage against transformers' own features and batches, made as in its `run_qa.py`."""

import random

import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForQuestionAnswering, DataCollatorWithPadding

from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.tokens import encode
from stilts.question.recipe import complete
from stilts.training.loop import train
from stilts.training.steps import draw, rate
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import STILL, checkpoint, facts_of, passages, sentence, tokenizer_of

LENGTH, STRIDE = 24, 4
RECIPE = complete({"epochs": 5, "batch": 4, "max_tokens": LENGTH, "lr": 1e-3, "seed": 3})


def whole_windows(count):
    """Return questions whose contexts fill two windows to the last token: none is padded."""
    rng, rows = random.Random(5), []
    for i in range(count):
        room = LENGTH - 3 - 2
        words = [sentence(rng, 1, 1) for _ in range(2 * room - STRIDE)]
        place = rng.randrange(len(words) - 2)
        answer = " ".join(words[place : place + 2])
        row = {"id": f"w{i}", "question": sentence(rng, 2, 2), "context": " ".join(words)}
        start = len(" ".join([*words[:place], ""]))
        told = i % 3 > 0
        rows.append({**row, "answers": [answer] if told else [], "starts": [start] if told else []})
    return rows


def features_of(rows, tokenizer):
    """Return windows with their labels by the rule of `run_qa.py`: the answer's characters."""
    told = tokenizer(
        [row["question"] for row in rows],
        [row["context"] for row in rows],
        truncation="only_second",
        max_length=LENGTH,
        stride=STRIDE,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    features = []
    for window, offsets in enumerate(told["offset_mapping"]):
        row = rows[told["overflow_to_sample_mapping"][window]]
        inside = [n for n, side in enumerate(told.sequence_ids(window)) if side == 1]
        first = last = 0
        for text, begin in zip(row["answers"], row["starts"], strict=True):
            end = begin + len(text)
            if offsets[inside[0]][0] <= begin and offsets[inside[-1]][1] >= end:
                first = max(n for n in inside if offsets[n][0] <= begin)
                last = min(n for n in inside if offsets[n][1] >= end)
        names = [name for name in tokenizer.model_input_names if name in told]
        feature = {name: told[name][window] for name in names}
        features.append({**feature, "start_positions": first, "end_positions": last})
    return features


def own_loss(output, batch):
    return output.loss


def loss_of_tokens(output, batch):
    """Return the loss with the padding of a batch taken out of the choice of places."""
    hidden = batch["attention_mask"] == 0
    sides = {"start_positions": output.start_logits, "end_positions": output.end_logits}
    halves = [
        functional.cross_entropy(numbers.masked_fill(hidden, -torch.inf), batch[name])
        for name, numbers in sides.items()
    ]
    return sum(halves) / 2


@pytest.mark.parametrize("family", ["bert", "squeezebert"])
@pytest.mark.parametrize(
    ("rows", "loss_of"), [(whole_windows(24), own_loss), (passages(40), loss_of_tokens)]
)
def test_fifty_steps_lose_what_transformers_loses_on_its_own_batches(
    family, rows, loss_of, tmp_path
):
    """Literally where windows are equally long; otherwise its class counts padding as places."""
    task, tokenizer = pose(facts_of("span", "where")), tokenizer_of(family)
    folder = checkpoint(tmp_path, family, **STILL)
    model, _, _ = load(folder, [task], 0)
    theirs = AutoModelForQuestionAnswering.from_pretrained(folder, dtype=torch.float32)
    theirs.base_model.load_state_dict(model.encoder.state_dict())
    theirs.qa_outputs.load_state_dict(model.head("where").qa_outputs.state_dict())
    windows, features = (
        encode(rows, "span", tokenizer, LENGTH, STRIDE),
        features_of(rows, tokenizer),
    )
    places = [(feature["start_positions"], feature["end_positions"]) for feature in features]
    assert [tuple(pair) for pair in windows.labels.tolist()] == places
    history = train(Workspace(model), {"where": windows}, RECIPE)
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1e-3, eps=1e-8, weight_decay=0.0)
    order, collate, losses = (
        torch.Generator().manual_seed(3),
        DataCollatorWithPadding(tokenizer),
        [],
    )
    theirs.train()
    for _ in range(RECIPE["epochs"]):
        for window in draw({"where": len(features)}, RECIPE, order):
            ((examples, _),) = window.parts
            batch = collate([features[place] for place in examples])
            loss = loss_of(theirs(**batch), batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * rate(len(losses), history.steps, RECIPE)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    assert len(losses) >= 50
    assert history.losses[:50] == pytest.approx(losses[:50], abs=1e-5)
