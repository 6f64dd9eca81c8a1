"""Whether a model has room for what it is about to read: positions, and words of its vocabulary."""

from collections.abc import Iterable

from stilts.errors import UserError
from stilts.models.family import family_of
from stilts.models.model import Model
from stilts.models.tokens import Encoded


def demand_room(model: Model, splits: Iterable[Encoded], task: str) -> None:
    """Refuse sequences that are longer than a model's positions, or tokens that it does not know.

    Args:
        model: about to be trained or scored.
        splits: what it is to read.
        task: whose they are, for the error.

    Raises:
        UserError: one line with the numbers and the remedy.
    """
    config = model.config
    first = family_of(config.model_type).first_position(config)
    positions = getattr(config, "max_position_embeddings", None)
    words = model.encoder.get_input_embeddings().num_embeddings
    for split in splits:
        longest, highest = int(split.lengths.max()), int(split.tokens.max())
        if positions is not None and longest > positions - first:
            raise UserError(
                f"task '{task}': a sequence has {longest} tokens, and the model holds"
                f" {positions - first}: set max_tokens to {positions - first} or less"
            )
        if highest >= words:
            raise UserError(
                f"task '{task}': the tokenizer gives token {highest}, the embeddings of the model"
                f" end at {words - 1}: take tokenizer and weights from one checkpoint"
            )
