import pytest
from transformers import AutoConfig, AutoModel

from stilts.files.weights import parameters
from tests.toys.tiny_models import FAMILIES, SHAPE


def saved(folder, family, **changes):
    model = AutoModel.from_config(
        AutoConfig.for_model(family, vocab_size=60, **(SHAPE | FAMILIES[family] | changes))
    )
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("family", ["bert", "roberta", "electra", "distilbert", "gpt2"])
def test_headings_tell_as_many_parameters_as_the_model_has(tmp_path, family):
    model = saved(tmp_path, family)
    layers = getattr(model, "encoder", None) or getattr(model, "transformer", None)
    layers = model.h if family == "gpt2" else layers
    assert parameters(tmp_path) == {
        "layers": sum(weight.numel() for weight in layers.parameters()),
        "total": sum(weight.numel() for weight in model.parameters()),
    }


def test_a_layer_that_is_applied_again_counts_again(tmp_path):
    shape = {"num_hidden_groups": 1, "inner_group_num": 1}
    model = saved(tmp_path, "albert", num_hidden_layers=6, **shape)
    once = sum(weight.numel() for weight in model.encoder.albert_layer_groups.parameters())
    assert parameters(tmp_path)["layers"] == 6 * once


def test_files_that_cannot_be_read_tell_nothing(tmp_path):
    assert parameters(tmp_path) == {}
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    assert parameters(tmp_path) == {}
