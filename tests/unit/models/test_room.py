import numpy as np
import pytest

from stilts.errors import UserError
from stilts.models.room import demand_room
from tests.toys.tiny_models import fresh, random_encoded


@pytest.mark.parametrize(("family", "room"), [("roberta", -2), ("bert", 0), ("gpt2", 0)])
def test_a_sequence_longer_than_the_positions_is_refused_with_the_numbers(family, room):
    model = fresh(family, "classification")
    encoded = random_encoded(6, vocabulary=20)
    longest = int(encoded.lengths.max())
    model.config.max_position_embeddings = longest - room
    demand_room(model, [encoded], "mine")
    model.config.max_position_embeddings -= 1
    with pytest.raises(UserError) as caught:
        demand_room(model, [encoded], "mine")
    assert f"a sequence has {longest} tokens, and the model holds {longest - 1}" in str(
        caught.value
    )


def test_a_token_beyond_the_embeddings_is_refused_with_the_numbers():
    model = fresh("roberta", "classification")
    encoded = random_encoded(6)
    words = model.encoder.get_input_embeddings().num_embeddings
    encoded.tokens[3] = words
    with pytest.raises(UserError, match=f"gives token {words}, the embeddings of the model end at"):
        demand_room(model, [encoded], "mine")
    encoded.tokens[3] = np.int32(words - 1)
    demand_room(model, [encoded], "mine")
