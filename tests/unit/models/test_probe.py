import pytest
import torch

from stilts.errors import UserError
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.probe import LONG, SHORT, check_padding
from tests.toys.tiny_models import checkpoint, facts_of


def first_tokens(batch):
    return batch.tokens[0, batch.starts, None].float()


def test_an_answer_of_each_text_alone_passes():
    check_padding(first_tokens, 100, "here")


def test_the_probe_has_a_short_text_beside_a_long_one():
    seen = []
    check_padding(lambda batch: seen.append(batch) or first_tokens(batch), 100, "here")
    assert [batch.bounds.diff().tolist() for batch in seen] == [[SHORT], [SHORT, LONG]]
    assert all(50 <= token < 100 for batch in seen for token in batch.tokens[0].tolist())


def test_an_answer_that_knows_the_longest_text_is_refused():
    def longest(batch):
        return first_tokens(batch) + 0.1 * batch.longest

    with pytest.raises(UserError, match="^here answers otherwise when a text is padded to a batch"):
        check_padding(longest, 100, "here")


def test_a_forward_that_fails_is_refused_with_its_own_words():
    def fails(batch):
        raise RuntimeError("three separators\nare needed")

    wanted = r"^here does not take a plain batch \(RuntimeError: three separators\); use a model of"
    with pytest.raises(UserError, match=wanted):
        check_padding(fails, 100, "here")


def test_a_model_that_mixes_all_places_of_a_row_is_refused(tmp_path):
    folder = checkpoint(tmp_path, "fnet")
    with pytest.raises(UserError) as error:
        load(folder, [pose(facts_of())], 5)
    assert str(error.value).startswith(f"{folder}: family 'fnet' answers otherwise when a text is")
    assert torch.is_grad_enabled()
