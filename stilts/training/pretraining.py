"""Small stand-in models, pretrained here from a corpus and a recipe."""

import contextlib
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    PreTrainedModel,
)

from stilts.models.batch import IGNORED, lay
from stilts.models.encoder import all_states, packed
from stilts.models.save import save_library
from stilts.training.corpus import LAYOUTS, examples, make_tokenizer
from stilts.training.flat import ALL, lay_apart, lay_flat
from stilts.training.snapshot import Snapshot, State
from stilts.training.steps import rate

OBJECTIVES = {"mlm": AutoModelForMaskedLM, "clm": AutoModelForCausalLM}
HELD_OUT = 20  # without validation texts, every 20th text is held out
VALIDATION_BLOCKS = 256  # enough for a perplexity within a few per cent


def pretrain(
    spec: dict[str, Any],
    texts: Sequence[str],
    folder: Path | str,
    *,
    validation: Sequence[str] | None = None,
    progress: bool = True,
    snapshot: Snapshot | None = None,
) -> dict[str, Any]:
    """Pretrain the model that `spec` describes, write it to `folder` and return what was reached.

    spec: family, objective ("mlm" | "clm"), tokenizer ({"train": {"vocab_size"}} | {"path"}; word
        pieces may have `words` that are whole though the texts may lack them), config (for
        AutoConfig.for_model), max_tokens, steps, batch, lr, warmup (share), seed; optionally
        layout ("blocks": texts end to end, or "texts": one text a row, padded), mask (share of
        tokens that a masked model predicts, default 0.15) and pooler (whether it comes with one,
        as BERT of the hub does; no objective here trains it).
    snapshot: where to go on from, and where to save to on the way; it is entered here.
    Returns steps, parameters, vocabulary, blocks, train_loss (mean of the last tenth),
    validation_loss (nats per predicted token) and perplexity, its exponential.

    Raises:
        ValueError: unknown objective, no way to train this family's tokenizer, or too little text.
    """
    if spec["objective"] not in OBJECTIVES:
        raise ValueError(f"objective {spec['objective']!r} is unknown: use mlm or clm")
    if spec.get("layout", "blocks") not in LAYOUTS:
        raise ValueError(f"layout {spec['layout']!r} is unknown: use {' or '.join(LAYOUTS)}")
    if validation is None:
        validation = texts[::HELD_OUT]
        texts = [text for i, text in enumerate(texts) if i % HELD_OUT]
    tokenizer = make_tokenizer(spec, texts)
    lay = LAYOUTS[spec.get("layout", "blocks")]
    blocks = lay(texts, tokenizer, spec)
    held_out = lay(validation, tokenizer, spec)[:VALIDATION_BLOCKS]
    torch.manual_seed(spec["seed"])
    model = OBJECTIVES[spec["objective"]].from_config(_config(spec, tokenizer))
    with snapshot or contextlib.nullcontext():
        losses = _fit(model, tokenizer, blocks, spec, progress, snapshot)
    loss = _validation_loss(model, tokenizer, held_out, spec)
    if spec.get("pooler"):
        _add_pooler(model, spec)
    save_library(model, tokenizer, folder)
    return {
        "steps": spec["steps"],
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "vocabulary": len(tokenizer),
        "blocks": len(blocks),
        "train_loss": sum(losses[-(len(losses) // 10 or 1) :]) / (len(losses) // 10 or 1),
        "validation_loss": loss,
        "perplexity": math.exp(loss),
    }


def _config(spec: dict[str, Any], tokenizer: Any) -> Any:
    """Return the model's config: the recipe's, with the tokenizer's vocabulary and ids."""
    names = ("pad_token_id", "bos_token_id", "eos_token_id")
    special = {name: getattr(tokenizer, name) for name in names}
    return AutoConfig.for_model(
        spec["family"], vocab_size=len(tokenizer), **special, **spec["config"]
    )


def _add_pooler(model: PreTrainedModel, spec: dict[str, Any]) -> None:
    """Give an encoder the pooler of its family, drawn from the recipe's seed.

    So stages that freeze the encoder, or whose heads are compared, start from one and the same.
    """
    torch.manual_seed(spec["seed"])
    pooler = getattr(AutoModel.from_config(model.config), "pooler", None)
    if pooler is None:
        raise ValueError(f"family {spec['family']!r} has no pooler: leave `pooler` out")
    model.base_model.pooler = pooler


def _loss(model: PreTrainedModel, inputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean loss over the labelled places; only they enter the vocabulary's head."""
    head = _vocabulary_head(model)
    lengths = _lengths(inputs, model.config.pad_token_id)
    visible = torch.arange(inputs.shape[1]) < lengths[:, None]
    places = labels != IGNORED
    wanted = labels[places]
    if packed(model):
        batch = lay(inputs[visible].numpy(), None, lengths.numpy(), wanted.numpy())
        states = all_states(model, batch)[places[visible]]
    else:
        longest = int(lengths.max())
        mask = None if visible[:, :longest].all() else visible[:, :longest]
        states = model.base_model(input_ids=inputs[:, :longest], attention_mask=mask)
        states = states.last_hidden_state[places[:, :longest]]
    return functional.cross_entropy(head(states), wanted)


def _vocabulary_head(model: PreTrainedModel) -> Callable[[Tensor], Tensor]:
    """Return what makes scores of the vocabulary [n, V] of states [n, H]."""
    if hasattr(model, "generator_lm_head"):  # ELECTRA's
        return lambda states: model.generator_lm_head(model.generator_predictions(states))
    return model.lm_head if hasattr(model, "lm_head") else model.cls


def _lengths(rows: Tensor, padding: int | None) -> Tensor:
    """Return the tokens of each row [n, L] without the padding at its end, int64 [n].

    A padding token further left is a random one, drawn in place of a token to be predicted.
    """
    if padding is None:
        return torch.full((len(rows),), rows.shape[1])
    trailing = (rows != padding).flip(1).int().argmax(dim=1)
    return rows.shape[1] - trailing


def _fit(
    model: PreTrainedModel,
    tokenizer: Any,
    blocks: Tensor,
    spec: dict[str, Any],
    progress: bool,
    snapshot: Snapshot | None,
) -> list[float]:
    """Train in place for spec["steps"] batches of blocks drawn at random; return the losses."""
    weights = lay_flat(model)[ALL]
    optimizer = torch.optim.AdamW(
        [weights], lr=spec["lr"], weight_decay=0.01, betas=(0.9, 0.98), fused=True
    )
    generator = torch.Generator().manual_seed(spec["seed"])
    model.train()
    state = State([weights], optimizer, generator)
    if snapshot:
        snapshot.restore(state)
    history = state.history
    steps = tqdm(
        range(history.steps, spec["steps"]),
        "pretrain",
        total=spec["steps"],
        initial=history.steps,
        file=sys.stderr,
        disable=None if progress else True,
    )
    for step in steps:
        drawn = torch.randint(len(blocks), (spec["batch"],), generator=generator)
        loss = _loss(model, *examples(blocks[drawn], tokenizer, spec, generator))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.param_groups[0]["lr"] = spec["lr"] * rate(step, spec["steps"], spec)
        optimizer.step()
        weights.grad.zero_()
        history.losses.append(loss.item())
        history.steps += 1
        if step % 50 == 0:
            steps.set_postfix(loss=f"{history.losses[-1]:.3f}", refresh=False)
        state.next_draw()
        if snapshot:
            snapshot.keep(state)
    lay_apart(model)
    return history.losses


def _validation_loss(
    model: PreTrainedModel, tokenizer: Any, blocks: Tensor, spec: dict[str, Any]
) -> float:
    """Return the mean loss per predicted token of held-out blocks, masked with the same seed."""
    inputs, labels = examples(blocks, tokenizer, spec, torch.Generator().manual_seed(spec["seed"]))
    total, count = 0.0, 0
    model.eval()
    with torch.inference_mode():
        for part in torch.arange(len(blocks)).split(spec["batch"]):
            predicted = int((labels[part] != IGNORED).sum())
            if predicted:
                total += _loss(model, inputs[part], labels[part]).item() * predicted
                count += predicted
    return total / count
