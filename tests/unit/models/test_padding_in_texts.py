import pytest
import torch

from stilts.models.batch import pack
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.tokens import encode
from tests.toys.tiny_models import STILL, checkpoint, facts_of


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "bert", "electra"])
def test_a_text_with_the_padding_token_in_it_is_read_as_transformers_reads_it(family, tmp_path):
    model, tokenizer, _ = load(
        checkpoint(tmp_path / "model", family, **STILL), [pose(facts_of())], 1
    )
    texts = [f"the dog {tokenizer.pad_token} sat on {tokenizer.pad_token} a mat", "the cat sat"]
    rows = [
        {"id": str(n), "first": [text], "second": [], "label": 0} for n, text in enumerate(texts)
    ]
    encoded = encode(rows, "classification", tokenizer, 24)
    assert encoded.padding == tokenizer.pad_token_id
    with torch.no_grad():
        ours = model(pack(encoded, [0, 1]), "toy")
        for place, text in enumerate(texts):
            alone = model.head("toy").owner(**tokenizer(text, return_tensors="pt")).logits
            torch.testing.assert_close(ours[[place]], alone, atol=1e-5, rtol=1e-5)
