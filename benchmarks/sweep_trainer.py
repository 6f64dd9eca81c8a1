"""python -m benchmarks.sweep_trainer FOLDER POINT: one point of a sweep, the customary way."""

import sys
from pathlib import Path

import yaml
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from stilts.question.grid import parse_point
from stilts.tasks.rows import read_split


def main(folder: Path, point: str) -> None:
    """Import, load, tokenise, train and score one grid point of `spec.yaml` in the folder."""
    cell = yaml.safe_load((folder / "spec.yaml").read_text(encoding="utf-8"))["cell"]
    recipe = {**cell["recipe"], **parse_point(point)}
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    model = AutoModelForSequenceClassification.from_pretrained(
        folder / "model", num_labels=len(cell["task"]["labels"])
    )

    def tokenised(split: str) -> list[dict]:
        rows = read_split(folder / "data", split)
        first, second = ([row[side][0] for row in rows] for side in ("first", "second"))
        columns = tokenizer(first, second, truncation=True, max_length=recipe["max_tokens"])
        labels = [row["label"] for row in rows]
        return [
            {**{key: values[i] for key, values in columns.items()}, "labels": label}
            for i, label in enumerate(labels)
        ]

    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=recipe["batch"],
        num_train_epochs=recipe["epochs"],
        learning_rate=recipe["lr"],
        warmup_steps=recipe["warmup"],
        seed=recipe["seed"],
        report_to="none",
        save_strategy="no",
    )
    trainer = Trainer(
        model,
        arguments,
        train_dataset=tokenised("train"),
        eval_dataset=tokenised("validation"),
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    print(trainer.evaluate())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
