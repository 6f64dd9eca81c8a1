"""Models and batches of real sizes: random weights, random ids, lengths of real tasks."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from stilts.files.strict_yaml import read_yaml
from stilts.models.head import Posed, pose
from stilts.models.model import Model
from stilts.models.tokens import Encoded

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
TIMED = "timed"  # the task of every model here
LENGTHS = read_yaml(Path(__file__).with_name("lengths.yaml"))

_ROBERTA = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}
BASE = _ROBERTA | {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
MINILM = _ROBERTA | {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12}
LARGE = _ROBERTA | {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16}
TOY = _ROBERTA | {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
TOY |= {"vocab_size": 300}
# What is timed, by device: the first encoder is the one that targets are set for.
ENCODERS = {
    "cpu": {"RoBERTa-base": BASE, "MiniLM (6 layers, 384)": MINILM},
    "cuda": {"RoBERTa-large": LARGE, "RoBERTa-base": BASE},
    "toy": {"toy": TOY},
}
DECODERS = {
    "cpu": {
        "GPT-2 (12 layers, 768)": {"n_embd": 768, "n_layer": 12, "n_head": 12},
        "miniature (2 layers, 64)": {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 1300},
    },
    "cuda": {"GPT-2 medium (24 layers, 1024)": {"n_embd": 1024, "n_layer": 24, "n_head": 16}},
    "toy": {"toy": {"n_embd": 16, "n_layer": 2, "n_head": 2, "vocab_size": 300}},
}


def encoder(shape: dict[str, Any], kind: str, **changes: Any) -> PreTrainedModel:
    """Return a RoBERTa of random weights with a head; equal calls give equal weights."""
    settings = shape | {"intermediate_size": 4 * shape["hidden_size"]} | changes
    config = AutoConfig.for_model("roberta", **settings)
    torch.manual_seed(0)
    return _posed(kind).plugin.auto(config).from_config(config)


def model(shape: dict[str, Any], kind: str, **changes: Any) -> Model:
    """Return what `encoder` does as the engine trains it, for the task TIMED."""
    owner, task = encoder(shape, kind, **changes), _posed(kind)
    return Model(owner.base_model, {task.key: task.plugin(owner)}, {TIMED: task.key}, {})


def _posed(kind: str) -> Posed:
    return pose({"name": TIMED, "kind": kind})


def decoder(shape: dict[str, Any]) -> PreTrainedModel:
    """Return a GPT-2 of random weights with logits as widely spread as a trained one's.

    Of logits with a deviation of 3.6, 50,257 tokens have a perplexity of about 80; those of an
    untrained GPT-2 are nearly flat, and its nucleus is nearly the whole vocabulary.
    """
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model("gpt2", bos_token_id=0, eos_token_id=0, **shape)
    )
    spread = model.config.initializer_range * model.config.n_embd**0.5
    model.transformer.ln_f.weight.data.fill_(3.6 / spread)
    return model


def examples(task: str, count: int, vocabulary: int, seed: int = 0) -> Encoded:
    """Return random ids and labels in the lengths of a real task, for RoBERTa (no types)."""
    facts, percentiles = LENGTHS["tasks"][task], LENGTHS["percentiles"]
    rng = np.random.default_rng(seed)

    def draw(quantiles: list[int], shape: tuple[int, ...]) -> np.ndarray:
        return np.interp(rng.random(shape) * 100, percentiles, quantiles).round().astype(np.int32)

    lengths = np.repeat(draw(facts["shortest"], (count, 1)), facts["choices"], axis=1)
    if facts["choices"] > 1:
        lengths[:, 1:] += draw(facts["extra"], (count, facts["choices"] - 1))
    lengths = lengths.ravel().clip(max=128)
    return Encoded(
        tokens=rng.integers(5, vocabulary, lengths.sum()).astype(np.int32),
        types=None,
        lengths=lengths,
        labels=rng.integers(0, max(2, facts["choices"]), count),
        ids=tuple(map(str, range(count))),
        choices=facts["choices"],
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
    )


def kind_of(task: str) -> str:
    """Return the kind of a task of `lengths.yaml`."""
    return "multiple_choice" if LENGTHS["tasks"][task]["choices"] > 1 else "classification"
