"""Let a language model write wrong endings, and build a multiple-choice task of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from stilts.errors import unknown
from stilts.jobs.derive_task import derive_task
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling
from stilts.machine.hardware import device_kind
from stilts.models.generation import sample
from stilts.tasks.columns import Row
from stilts.tasks.endings import longer_gold
from stilts.tasks.generators.synthesis_gpt2 import Prompt

# What stands before a real ending when its tokens are counted: nothing, as in the released code, or
# the space that it has in its text, which a tokeniser of GPT-2's kind makes part of the first word.
LENGTHS = {"alone": "", "in_text": " "}


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
    derive_task(spec, parent, folder, sample=sampler(model, place), count=lengths(model))


def sampler(model: Path, device: str) -> Callable[..., list[list[str]]]:
    """Return the function that a generator calls with its prompts.

    It gives each prompt `samples` endings, each at most as many tokens long as the real ending,
    as in the released code of Chang and Lu (2021). `length_as` names how those are counted, see
    `LENGTHS`.

    Args:
        model: the folder of a causal language model.
        device: "cpu" or "cuda".
    """

    def draw(
        prompts: Sequence[Prompt], *, seed: int, length_as: str = "in_text", **sampling: float
    ) -> list[list[str]]:
        if length_as not in LENGTHS:
            raise unknown("length_as", length_as, LENGTHS, "generator 'synthesis_gpt2'")
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
        endings = tokenizer([LENGTHS[length_as] + prompt.gold for prompt in prompts])["input_ids"]
        premises = [prompt.premise for prompt in prompts]
        return sample(model, premises, [*map(len, endings)], seed=seed, device=device, **sampling)

    return draw


def lengths(model: Path) -> Callable[[Sequence[Row]], dict[str, float]]:
    """Return the function that counts what lengths give away, in the language model's tokens.

    `gold_minus_wrong_tokens`: mean difference between the real ending and the sampled ones, as they
    stand in their text. The merges of GPT-2 are RoBERTa's, so that this is what RoBERTa sees.

    Args:
        model: the folder of a causal language model.
    """

    def count(rows: Sequence[Row]) -> dict[str, float]:
        tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
        in_text = LENGTHS["in_text"]
        longer = longer_gold(rows, lambda option: len(tokenizer(in_text + option)["input_ids"]))
        return {"gold_minus_wrong_tokens": longer}

    return count
