"""Let a language model end sentences, as the sampler of a derived task's generator."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from transformers import AutoTokenizer

from stilts.machine.hardware import device_kind
from stilts.models.generation import sample
from stilts.tasks.generators.synthesis_gpt2 import Prompt


def sampler(model: Path, *, device: str, threads: int) -> Callable[..., list[list[str]]]:
    """Return the function that a generator calls with its prompts.

    It gives each prompt `samples` endings, each at most as many tokens long as the real ending,
    as in the released code of Chang and Lu (2021).

    Args:
        model: the folder of a causal language model.
        device: `auto`, `cpu` or `cuda`.
        threads: CPU threads; a different number can change the last bits of a probability.
    """
    torch.set_num_threads(threads)
    place = "cuda" if device_kind(device).startswith("cuda") else "cpu"

    def draw(prompts: Sequence[Prompt], *, seed: int, **sampling: float) -> list[list[str]]:
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
        endings = tokenizer([f" {prompt.gold}" for prompt in prompts])["input_ids"]
        premises = [prompt.premise for prompt in prompts]
        return sample(model, premises, [*map(len, endings)], seed=seed, device=place, **sampling)

    return draw
