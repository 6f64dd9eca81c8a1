"""Paraphrases of questions, posed as the course's Quora: has it been asked before?"""

from stilts.tasks.miniature.themes.same_question import asked


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of the course's Quora, whose answers are written 0.0 and 1.0."""
    return {
        split: [
            {
                "id": f"{split}-{number}",
                "sentence1": row["question1"],
                "sentence2": row["question2"],
                "is_duplicate": ("0.0", "1.0")[row["label"]],
            }
            for number, row in enumerate(rows)
        ]
        for split, rows in asked(sizes, seed, "repeated_question").items()
    }
