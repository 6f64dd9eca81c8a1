"""What the engine is compared with: transformers' own Trainer, on the same examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, RandomSampler, Sampler
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainingArguments,
    default_data_collator,
)

from stilts.models.tokens import Encoded
from stilts.question.recipe import complete
from stilts.training.steps import total_steps


class Rows(Dataset):
    """The examples of an `Encoded` as a tokenised data set holds them: lists of ids.

    width: pad every sequence to so many tokens; None leaves that to the collator.
    """

    def __init__(self, encoded: Encoded, padding: int, width: int | None = None):
        self.encoded, self.padding, self.width = encoded, padding, width

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.encoded)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one example; a multiple-choice one has a list of ids for each option."""
        choices = self.encoded.choices
        options = [self._sequence(index * choices + k) for k in range(choices)]
        row = {key: [option[key] for option in options] for key in options[0]}
        if choices == 1:
            row = {key: value[0] for key, value in row.items()}
        return {**row, "labels": int(self.encoded.labels[index])}

    def _sequence(self, number: int) -> dict[str, list[int]]:
        start, length = (int(part[number]) for part in (self.encoded.offsets, self.encoded.lengths))
        span = slice(start, start + length)
        columns = {"input_ids": self.encoded.tokens[span].tolist(), "attention_mask": [1] * length}
        if self.encoded.types is not None:
            columns["token_type_ids"] = self.encoded.types[span].tolist()
        return _pad(columns, self.width or length, self.padding)


class PadToLongest:
    """Collates rows, padded to the longest sequence of the batch."""

    def __init__(self, padding: int):
        self.padding = padding

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Return int64 tensors [n, L], for multiple choice [n, choices, L]; labels [n]."""
        labels = torch.tensor([row["labels"] for row in rows])
        columns = [{key: row[key] for key in row if key != "labels"} for row in rows]
        nested = isinstance(columns[0]["input_ids"][0], list)
        if nested:
            columns = [
                dict(zip(row, values, strict=True))
                for row in columns
                for values in zip(*row.values(), strict=True)
            ]
        width = max(len(row["input_ids"]) for row in columns)
        padded = [_pad(row, width, self.padding) for row in columns]
        batch = {key: torch.tensor([row[key] for row in padded]) for key in padded[0]}
        if nested:
            batch = {key: value.view(len(rows), -1, width) for key, value in batch.items()}
        return {**batch, "labels": labels}


def _pad(columns: dict[str, list[int]], width: int, padding: int) -> dict[str, list[int]]:
    fill = {"input_ids": padding}
    return {
        key: values + [fill.get(key, 0)] * (width - len(values)) for key, values in columns.items()
    }


class SameOrder(Sampler):
    """Draws every epoch's examples as `stilts.training.loop.train` does.

    Not a RandomSampler itself, which accelerate would replace by its own.
    """

    def __init__(self, examples: int, seed: int):
        generator = torch.Generator().manual_seed(seed)
        self.sampler = RandomSampler(range(examples), generator=generator)

    def __len__(self) -> int:
        """Return the number of examples of an epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[int]:
        """Yield the examples of the next epoch."""
        return iter(self.sampler)


class Reference(Trainer):
    """A Trainer that draws the engine's batches and keeps the loss of every micro-batch."""

    def __init__(
        self,
        model: PreTrainedModel,
        encoded: Encoded,
        recipe: dict[str, Any],
        folder: Path | str,
        *,
        width: int | None = None,
        **settings: Any,
    ):
        """Set up the Trainer for a recipe of `stilts.training.loop.train`.

        width: pad every row to so many tokens beforehand, as the example scripts do; None pads
            each batch to its longest.
        settings: further `TrainingArguments`.
        """
        recipe = complete(recipe)
        padding = model.config.pad_token_id
        micro = recipe["micro_batch"] or recipe["batch"]
        arguments = TrainingArguments(
            output_dir=str(folder),
            per_device_train_batch_size=micro,
            gradient_accumulation_steps=recipe["batch"] // micro,
            num_train_epochs=recipe["epochs"],
            learning_rate=recipe["lr"],
            # The Trainer rounds a share of the steps up, the engine rounds it down.
            warmup_steps=int(recipe["warmup"] * total_steps({"": len(encoded)}, recipe)),
            weight_decay=recipe["weight_decay"],
            max_grad_norm=recipe["clip"] or 0,
            seed=recipe["seed"],
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            **settings,
        )
        super().__init__(
            model,
            arguments,
            train_dataset=Rows(encoded, padding, width),
            data_collator=default_data_collator if width else PadToLongest(padding),
        )
        self.remove_callback(PrinterCallback)
        self.model_accepts_loss_kwargs = False  # a mean per micro-batch, then the mean of those
        self.order = SameOrder(len(encoded), recipe["seed"])
        self.parts: list[Tensor] = []

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler:
        return self.order

    def training_step(self, *args: Any, **kwargs: Any) -> Tensor:
        """Keep a micro-batch's share of its step's loss."""
        self.parts.append(super().training_step(*args, **kwargs))
        return self.parts[-1]

    @property
    def losses(self) -> list[float]:
        """The loss of every step so far; the last window of an epoch may be incomplete."""
        count = self.args.gradient_accumulation_steps
        per_epoch = -(-len(self.order) // self.args.per_device_train_batch_size)
        shares = torch.stack(self.parts).view(-1, per_epoch)
        return [part.sum().item() for epoch in shares for part in epoch.split(count)]
