"""Sampling of continuations: the engine against transformers' generate."""

import contextlib
from functools import partial
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.generation import SAMPLES, TOP_P, checkpoint, one_by_one, prompts
from benchmarks.gpu.part import Teller
from benchmarks.shapes import DECODERS, DEVICE
from benchmarks.trainer import now
from stilts.models.generation import sample
from stilts.models.silence import silence

BATCH = 128
LENGTH, MANY, FEW = 24, 256, 4


def engine(folder: Path, texts: list[str], length: int, precision: str) -> float:
    """Return the seconds of all continuations, loading included."""
    start = now()
    sample(
        folder,
        texts,
        [length] * len(texts),
        seed=0,
        samples=SAMPLES,
        top_p=TOP_P,
        batch=BATCH,
        device=DEVICE,
        precision=precision,
        progress=False,
    )
    return now() - start


def in_batches(folder: Path, texts: list[str], length: int, precision: str) -> float:
    """Return the seconds of all continuations by `generate`, loading included."""
    start = now()
    with silence():
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(folder).to(DEVICE).eval()
    tokenizer.pad_token = tokenizer.eos_token
    ordered, each = sorted(texts, key=len), BATCH // SAMPLES
    with torch.autocast(DEVICE, torch.bfloat16, enabled=precision == "bf16"):
        for first in range(0, len(ordered), each):
            some = ordered[first : first + each]
            model.generate(
                **tokenizer(some, return_tensors="pt", padding=True).to(DEVICE),
                do_sample=True,
                top_p=TOP_P,
                top_k=0,
                num_return_sequences=SAMPLES,
                max_new_tokens=length,
                pad_token_id=tokenizer.eos_token_id,
            )
    return now() - start


def alone(folder: Path, texts: list[str], length: int, precision: str) -> float:
    """Return the seconds of all continuations by `generate`, one at a time, without loading."""
    return one_by_one(folder, texts, length)[0] * len(texts) * SAMPLES


def run(tell: Teller, toy: bool) -> None:
    """Time the engine, generate in batches, and generate one by one on fewer prompts."""
    many, few, length = (4, 1, 4) if toy else (MANY, FEW, LENGTH)
    (name, shape), *_ = DECODERS["toy" if toy else "cuda"].items()
    ways = [
        (f"engine, batches of {BATCH}", engine, many),
        (f"`generate`, batches of {BATCH // SAMPLES * SAMPLES}", in_batches, many),
    ]
    tried = [(*way, precision) for way in ways for precision in ("fp32", "bf16")]
    tried.append(("`generate`, one at a time", alone, few, "fp32"))
    tell.table(["model", "way", "in", "prompts", "tokens/s", "engine is faster by"], _note(length))
    texts, ours = prompts(many), {}
    with contextlib.ExitStack() as stack:
        ready = partial(stack.enter_context, checkpoint(shape))
        folder = tell.attempt(f"a model of the shape of {name}", ready)
        for way, seconds_of, count, precision in tried if folder else []:
            what = f"{name}, {way}, {precision}"
            if not tell.fits(what, 0 if toy else 6):
                continue
            once = partial(seconds_of, folder, texts[:1], 1, precision)  # libraries set up
            work = partial(seconds_of, folder, texts[:count], length, precision)
            seconds = tell.attempt(what, lambda work=work, once=once: once() and work())
            if seconds:
                rate = count * SAMPLES * length / seconds
                ours.setdefault(precision, rate)
                ratio = f"**{ours[precision] / rate:.2f}**"
                tell.row(name, way, precision, str(count), f"{rate:,.0f}", ratio)


def _note(length: int) -> str:
    return (
        f"Tokens a second of nucleus sampling (p = {TOP_P}), {SAMPLES} continuations of {length}"
        " tokens for each prompt. Random weights with logits spread as a trained model's. Loading"
        " the model is included, but for those one at a time."
    )
