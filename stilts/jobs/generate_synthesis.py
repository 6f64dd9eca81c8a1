"""Let a language model write wrong endings, and build a multiple-choice task of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from stilts.jobs.derive_task import derive_task
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling
from stilts.machine.hardware import device_kind
from stilts.models.generation import sample
from stilts.tasks.generators.synthesis_gpt2 import Prompt


def generate_synthesis(
    spec: Mapping[str, Any], *, parent: Path, model: Path, folder: Path, handling: Handling
) -> None:
    """Write the data of a task whose generator needs a language model.

    Args:
        spec: as for `stilts.jobs.derive_task.derive_task`.
        parent: the folder of the parent's data.
        model: the folder of a causal language model.
        folder: where the data go.
        handling: how the job is to do its work.
    """
    take_gpu(handling.device, handling.trials_per_gpu)
    torch.set_num_threads(handling.threads)
    place = "cuda" if device_kind(handling.device).startswith("cuda") else "cpu"
    derive_task(spec, parent, folder, sample=sampler(model, place))


def sampler(model: Path, device: str) -> Callable[..., list[list[str]]]:
    """Return the function that a generator calls with its prompts.

    It gives each prompt `samples` endings, each at most as many tokens long as the real ending,
    as in the released code of Chang and Lu (2021).

    Args:
        model: the folder of a causal language model.
        device: "cpu" or "cuda".
    """

    def draw(prompts: Sequence[Prompt], *, seed: int, **sampling: float) -> list[list[str]]:
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
        endings = tokenizer([f" {prompt.gold}" for prompt in prompts])["input_ids"]
        premises = [prompt.premise for prompt in prompts]
        return sample(model, premises, [*map(len, endings)], seed=seed, device=device, **sampling)

    return draw
