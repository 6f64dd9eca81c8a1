"""Nucleus sampling of continuations, batched, with each prompt's own random numbers."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from stilts.models.checkpoint import demand_whole
from stilts.models.silence import silence

CANDIDATES = 4096  # a nucleus is nearly always smaller; sorting all of GPT-2's tokens is slow


def sample(
    folder: Path | str,
    prompts: Sequence[str],
    lengths: Sequence[int],
    *,
    seed: int,
    samples: int = 3,
    top_p: float = 0.9,
    temperature: float = 1.0,
    batch: int = 128,
    device: str = "cpu",
    precision: str = "fp32",
    progress: bool = True,
) -> list[list[str]]:
    """Return `samples` continuations of every prompt by the causal model in `folder`.

    A continuation has at most as many tokens as `lengths` says for its prompt, ends before the
    end-of-text token, and is stripped. Prompt i draws from a generator seeded by (seed, i), so
    neither the batch size nor the other prompts change what it gets; what remains is the rounding
    of matrix products, which can move a draw that falls on a boundary to within 1e-6.

    Raises:
        ValueError: prompts and lengths differ in number, or a prompt does not fit the model.
    """
    if len(prompts) != len(lengths):
        raise ValueError(f"{len(prompts)} prompts but {len(lengths)} lengths: give one for each")
    model, tokenizer = _load(folder, device)
    tokens = [tokenizer(text, verbose=False)["input_ids"] for text in prompts]
    tokens = [ids or [tokenizer.bos_token_id] for ids in tokens]
    _check_room(model, tokens, lengths)
    uniform = [
        np.random.default_rng([seed, i]).random((samples, length))
        for i, length in enumerate(lengths)
    ]
    # Prompts of one length share a batch where possible: less padding, the same text.
    order = sorted(np.ndindex(len(prompts), samples), key=lambda row: len(tokens[row[0]]))
    texts = [[""] * samples for _ in prompts]
    bar = tqdm(total=len(order), desc="sample", file=sys.stderr, disable=None if progress else True)
    autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
    with bar, torch.inference_mode(), autocast:
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            ends = _continue(
                model,
                [tokens[i] for i, _ in rows],
                [uniform[i][k] for i, k in rows],
                tokenizer.eos_token_id,
                top_p=top_p,
                temperature=temperature,
            )
            for (i, k), ids in zip(rows, ends, strict=True):
                texts[i][k] = tokenizer.decode(ids, skip_special_tokens=True).strip()
            bar.update(len(rows))
    return texts


def nucleus(logits: Tensor, uniform: Tensor, *, top_p: float, temperature: float = 1.0) -> Tensor:
    """Return one token id per row, int64 [n], drawn from the nucleus of logits [n, vocabulary].

    The nucleus is the smallest set of most likely tokens whose probability reaches `top_p`
    (Holtzman et al. 2020). uniform [n] in [0, 1) picks the token by the inverse of the cumulative
    distribution, in float64 so that it does not depend on how the batch was summed.
    """
    probabilities = torch.softmax(logits.double() / temperature, dim=-1)
    count = min(CANDIDATES, probabilities.shape[-1])
    # In the order of ids, so that the stable sort below settles ties as a sort of all would.
    ids = probabilities.topk(count, dim=-1).indices.sort(dim=-1).values
    candidates, order = probabilities.gather(-1, ids).sort(dim=-1, descending=True, stable=True)
    chosen = _draw(candidates, ids.gather(-1, order), uniform, top_p)
    # Tokens as likely as the last candidate may have been left out: the nucleus must end before.
    sure = candidates.masked_fill(candidates == candidates[:, -1:], 0).sum(dim=-1)
    wide = sure < top_p + 1e-9
    if count < probabilities.shape[-1] and wide.any():
        everything = probabilities[wide].sort(dim=-1, descending=True, stable=True)
        chosen[wide] = _draw(*everything, uniform[wide], top_p)
    return chosen


def _draw(probabilities: Tensor, ids: Tensor, uniform: Tensor, top_p: float) -> Tensor:
    """Draw one of the ids [n, k] from the nucleus, given probabilities in descending order."""
    before = probabilities.cumsum(dim=-1) - probabilities
    probabilities = probabilities.masked_fill(before >= top_p, 0)
    cumulative = probabilities.cumsum(dim=-1)
    target = uniform.double()[:, None] * cumulative[:, -1:]
    # Rounding may put the target on the very end: the last kept token is the answer then.
    last = (probabilities > 0).sum(dim=-1, keepdim=True) - 1
    place = torch.searchsorted(cumulative, target, right=True).minimum(last)
    return ids.gather(-1, place)[:, 0]


def _load(folder: Path | str, device: str) -> tuple[PreTrainedModel, Any]:
    local = {"local_files_only": True, "trust_remote_code": False}
    demand_whole(folder)
    with silence():
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, **local
        )
    return model.to(device).eval(), tokenizer


def _continue(
    model: PreTrainedModel,
    prompts: Sequence[list[int]],
    uniform: Sequence[np.ndarray],
    end: int,
    **shape: Any,
) -> list[list[int]]:
    """Return the new token ids of every prompt, up to `end` or its count of uniform numbers."""
    device, width = model.device, max(map(len, prompts))
    tokens = torch.tensor([[end] * (width - len(ids)) + ids for ids in prompts], device=device)
    lengths = torch.tensor([len(ids) for ids in prompts], device=device)
    visible = (torch.arange(width, device=device) >= width - lengths[:, None]).long()
    positions = (visible.cumsum(dim=-1) - 1).clamp(min=0)
    limits = torch.tensor([len(numbers) for numbers in uniform], device=device)
    draws = torch.zeros(len(prompts), max(map(len, uniform)), dtype=torch.float64)
    for row, numbers in zip(draws, uniform, strict=True):
        row[: len(numbers)] = torch.from_numpy(numbers)
    cache, new = None, []
    unfinished = torch.ones(len(prompts), dtype=torch.bool, device=device)
    for step, numbers in enumerate(draws.to(device).T):
        out = model(
            input_ids=tokens,
            attention_mask=visible,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        chosen = nucleus(out.logits[:, -1], numbers, **shape)
        unfinished &= (chosen != end) & (step < limits)
        new.append(torch.where(unfinished, chosen, end))
        if not unfinished.any():
            break
        tokens, positions = new[-1][:, None], positions[:, -1:] + 1
        visible = torch.cat([visible, torch.ones_like(tokens)], dim=1)
    rows = torch.stack(new, dim=1).tolist()
    return [ids[: ids.index(end)] if end in ids else ids for ids in rows]


def _check_room(
    model: PreTrainedModel, tokens: Sequence[list[int]], lengths: Sequence[int]
) -> None:
    room = model.config.max_position_embeddings
    for i, (ids, length) in enumerate(zip(tokens, lengths, strict=True)):
        if len(ids) + length > room:
            raise ValueError(
                f"prompt {i} has {len(ids)} tokens and {length} to come, the model holds {room}: "
                "shorten it"
            )
