"""Small stand-in models, pretrained here: tokenizer and weights from a corpus and a recipe."""

import contextlib
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import ByteLevelBPETokenizer
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    GPT2Tokenizer,
    PreTrainedModel,
    RobertaTokenizer,
)

from stilts.models.batch import IGNORED, lay
from stilts.models.encoder import all_states, packed
from stilts.models.load import save_library
from stilts.training.flat import ALL, lay_apart, lay_flat
from stilts.training.snapshot import Snapshot, State
from stilts.training.steps import rate

OBJECTIVES = {"mlm": AutoModelForMaskedLM, "clm": AutoModelForCausalLM}
TOKENIZERS = {
    "roberta": (RobertaTokenizer, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
    "gpt2": (GPT2Tokenizer, ["<|endoftext|>"]),
}
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

    spec: family, objective ("mlm" | "clm"), tokenizer ({"train": {"vocab_size"}} | {"path"}),
        config (for AutoConfig.for_model), max_tokens, steps, batch, lr, warmup (share), seed;
        optionally layout ("blocks": texts end to end, or "texts": one text a row, padded) and
        mask (share of tokens that a masked model predicts, default 0.15).
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


def make_tokenizer(spec: dict[str, Any], texts: Sequence[str]) -> Any:
    """Return the tokenizer of a recipe: loaded, or a byte-level BPE trained on `texts`.

    Training is deterministic: the same texts give the same vocabulary and merges, byte for byte.
    """
    if "path" in spec["tokenizer"]:
        path = spec["tokenizer"]["path"]
        return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    if spec["family"] not in TOKENIZERS:
        raise ValueError(
            f"no tokenizer can be trained for family {spec['family']!r} "
            f"(only {', '.join(TOKENIZERS)}): give `tokenizer: {{path: folder}}`"
        )
    tokenizer_class, special = TOKENIZERS[spec["family"]]
    trained = ByteLevelBPETokenizer()
    size = spec["tokenizer"]["train"]["vocab_size"]
    trained.train_from_iterator(texts, size, special_tokens=special, show_progress=False)
    learnt = json.loads(trained.to_str())["model"]
    merges = [tuple(merge) for merge in learnt["merges"]]
    return tokenizer_class(
        vocab=learnt["vocab"], merges=merges, model_max_length=spec["max_tokens"]
    )


def lay_blocks(texts: Sequence[str], tokenizer: Any, spec: dict[str, Any]) -> Tensor:
    """Return the texts end to end, cut into int64 blocks [n, max_tokens]; the rest is dropped.

    An end-of-text token follows every text. Blocks of a masked model are framed by the first and
    last special token, which is the form its fine-tuning sequences will have.
    """
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    masked = spec["objective"] == "mlm"
    end = tokenizer.sep_token_id if masked else tokenizer.eos_token_id
    stream = np.concatenate([[*ids, end] for ids in encoded])
    width = spec["max_tokens"] - (2 if masked else 0)
    count = len(stream) // width
    if not count:
        raise ValueError(f"the corpus has {len(stream)} tokens, less than one block of {width}")
    blocks = torch.from_numpy(stream[: count * width].reshape(count, width)).long()
    if not masked:
        return blocks
    frame = blocks.new_tensor([[tokenizer.cls_token_id, end]]).expand(count, 2)
    return torch.cat([frame[:, :1], blocks, frame[:, 1:]], dim=1)


def lay_texts(texts: Sequence[str], tokenizer: Any, spec: dict[str, Any]) -> Tensor:
    """Return one text a row, int64 [n, longest], cut at max_tokens and padded on the right.

    Rows have the form of fine-tuning sequences, special tokens included. A text keeps its company:
    short texts that belong together are never split, and strangers never share a row.
    """
    if tokenizer.pad_token_id is None:
        raise ValueError("layout 'texts' pads, and this tokenizer has no padding token: use blocks")
    encoded = tokenizer(
        list(texts),
        truncation=True,
        max_length=spec["max_tokens"],
        padding="longest",
        padding_side="right",
        return_tensors="np",
        verbose=False,
    )
    return torch.from_numpy(encoded["input_ids"]).long()


LAYOUTS = {"blocks": lay_blocks, "texts": lay_texts}


def mask_tokens(
    blocks: Tensor, tokenizer: Any, generator: torch.Generator, share: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Return inputs and labels of masked language modelling (Devlin et al. 2019), both [n, L].

    A share of the ordinary tokens is to be predicted; of these 80 % become the mask token, 10 % a
    random token and 10 % stay. Labels are IGNORED elsewhere.
    """
    special = torch.isin(blocks, torch.tensor(tokenizer.all_special_ids))
    chance = torch.rand(blocks.shape, generator=generator)
    fate = torch.rand(blocks.shape, generator=generator)
    random = torch.randint(len(tokenizer), blocks.shape, generator=generator)
    chosen = (chance < share) & ~special
    inputs = torch.where(chosen & (fate < 0.8), tokenizer.mask_token_id, blocks)
    inputs = torch.where(chosen & (fate >= 0.9), random, inputs)
    return inputs, torch.where(chosen, blocks, IGNORED)


def _config(spec: dict[str, Any], tokenizer: Any) -> Any:
    """Return the model's config: the recipe's, with the tokenizer's vocabulary and ids."""
    names = ("pad_token_id", "bos_token_id", "eos_token_id")
    special = {name: getattr(tokenizer, name) for name in names}
    return AutoConfig.for_model(
        spec["family"], vocab_size=len(tokenizer), **special, **spec["config"]
    )


def _loss(model: PreTrainedModel, inputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean loss over the labelled places; only they enter the vocabulary's head."""
    head = model.lm_head if hasattr(model, "lm_head") else model.cls
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


def _lengths(rows: Tensor, padding: int | None) -> Tensor:
    """Return the tokens of each row [n, L] without the padding at its end, int64 [n].

    A padding token further left is a random one, drawn in place of a token to be predicted.
    """
    if padding is None:
        return torch.full((len(rows),), rows.shape[1])
    trailing = (rows != padding).flip(1).int().argmax(dim=1)
    return rows.shape[1] - trailing


def _examples(
    blocks: Tensor, tokenizer: Any, spec: dict[str, Any], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return inputs and labels of the recipe's objective."""
    if spec["objective"] == "mlm":
        return mask_tokens(blocks, tokenizer, generator, spec.get("mask", 0.15))
    labels = torch.full_like(blocks, IGNORED)
    labels[:, :-1] = blocks[:, 1:]
    return blocks, labels


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
        loss = _loss(model, *_examples(blocks[drawn], tokenizer, spec, generator))
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
    inputs, labels = _examples(blocks, tokenizer, spec, torch.Generator().manual_seed(spec["seed"]))
    total, count = 0.0, 0
    model.eval()
    with torch.inference_mode():
        for part in torch.arange(len(blocks)).split(spec["batch"]):
            predicted = int((labels[part] != IGNORED).sum())
            if predicted:
                total += _loss(model, inputs[part], labels[part]).item() * predicted
                count += predicted
    return total / count
