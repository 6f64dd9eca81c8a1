"""Sampling of continuations, batched, against `generate` one prompt at a time."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.shapes import DECODERS, DEVICE, decoder
from benchmarks.table import Table, progress, side_by_side
from benchmarks.trainer import now
from stilts.models.generation import sample
from stilts.models.save import save_library
from stilts.models.silence import silence
from stilts.training.corpus import make_tokenizer

SAMPLES, TOP_P = 3, 0.9  # as in Synthesis-GPT2
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@contextlib.contextmanager
def checkpoint(shape: dict[str, Any]) -> Iterator[Path]:
    """Write a GPT-2 of random weights with a tokenizer of letters; yield the folder."""
    words = [" ".join(_LETTERS)] * 2
    spec = {"family": "gpt2", "tokenizer": {"train": {"vocab_size": 290}}, "max_tokens": 128}
    with tempfile.TemporaryDirectory() as folder:
        save_library(decoder(shape), make_tokenizer(spec, words), folder)
        yield Path(folder)


def prompts(count: int) -> list[str]:
    """Return prompts of 8 to 24 letters, about as long in tokens as the halves of a sentence."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(list(_LETTERS), rng.integers(4, 13))) for _ in range(count)]


def batched(folder: Path, texts: list[str], length: int) -> list[float]:
    """Return the seconds per continuation of `generation.sample`, loading included."""
    start = now()
    sample(
        folder,
        texts,
        [length] * len(texts),
        seed=0,
        samples=SAMPLES,
        top_p=TOP_P,
        device=DEVICE,
        progress=False,
    )
    return [(now() - start) / len(texts) / SAMPLES]


def one_by_one(folder: Path, texts: list[str], length: int) -> list[float]:
    """Return the seconds per continuation of `generate`, loading not included."""
    with silence():
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder).to(DEVICE).eval()
    start = now()
    for text in texts:
        tokens = tokenizer(text, return_tensors="pt").to(DEVICE)
        for _ in range(SAMPLES):
            torch.manual_seed(0)
            model.generate(
                **tokens,
                do_sample=True,
                top_p=TOP_P,
                top_k=0,
                max_new_tokens=length,
                pad_token_id=tokenizer.eos_token_id,
            )
    return [(now() - start) / len(texts) / SAMPLES]


def run(toy: bool = False) -> Table:
    """Time both on every decoder; `generate` does fewer prompts and is counted per prompt."""
    few, length, rounds = (2, 4, 1) if toy else (4, 24, 2)
    rows = []
    for name, shape in DECODERS["toy" if toy else DEVICE].items():
        # So many that loading weighs as little as in the real task of 30,000.
        many = 4 if toy else 1024 if shape["n_embd"] < 256 else 64
        texts = prompts(many)
        progress(f"generation: {name}")
        with checkpoint(shape) as folder:
            found = side_by_side(
                {
                    "engine": lambda: batched(folder, texts, length),  # noqa: B023
                    "generate": lambda: one_by_one(folder, texts[:few], length),  # noqa: B023
                },
                rounds,
            )
        rates = [f"{length / found[key]:,.0f}" for key in ("engine", "generate")]
        rows.append([name, f"{many:,}", *rates, f"**{found['generate'] / found['engine']:.1f}**"])
        progress(f"  {' | '.join(rows[-1])}")
    note = (
        f"Tokens a second of nucleus sampling (p = {TOP_P}), {SAMPLES} continuations of {length}"
        f" tokens for each prompt, fp32. Engine: batches of 128, loading the model included."
        f" `generate`: one continuation at a time, {few} of the prompts measured, loading not"
        " included."
    )
    header = ["model", "prompts", "engine, tokens/s", "`generate`, tokens/s", "x `generate`"]
    return Table("Generation of Synthesis-GPT2", header, rows, note)
