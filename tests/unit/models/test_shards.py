import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from stilts.errors import UserError
from stilts.models.shards import INDEX, count_numbers, join_shards

TENSORS = {
    "a": {
        "half": torch.arange(3, dtype=torch.bfloat16),
        "flag": torch.tensor([True, False, True]),
        "words": torch.randn(5, 4),
    },
    "b": {
        "double": torch.randn(2, 3, dtype=torch.float64),
        "empty": torch.zeros(0, 7),
        "number": torch.tensor(7),
    },
}


@pytest.fixture
def index(tmp_path):
    for name, tensors in TENSORS.items():
        save_file(tensors, tmp_path / f"{name}.safetensors", metadata={"format": "pt"})
    places = {name: f"{file}.safetensors" for file in TENSORS for name in TENSORS[file]}
    (tmp_path / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return tmp_path / INDEX


def rewrite(index, **places):
    index.write_text(json.dumps({"weight_map": places}))


def refused(index):
    with pytest.raises(UserError) as error:
        join_shards(index, index.parent / "whole")
    assert "\n" not in str(error.value)
    assert not (index.parent / "whole").exists()
    return str(error.value)


def test_the_parts_become_the_file_that_safetensors_would_write_at_once(index, tmp_path):
    join_shards(index, tmp_path / "whole")
    both = TENSORS["a"] | TENSORS["b"]
    found = load_file(tmp_path / "whole")
    assert found.keys() == both.keys()
    assert all(torch.equal(found[name], both[name]) for name in both)
    assert {name: tensor.dtype for name, tensor in found.items()} == {
        name: tensor.dtype for name, tensor in both.items()
    }
    save_file(both, tmp_path / "at_once", metadata={"format": "pt"})
    assert (tmp_path / "whole").stat().st_size == (tmp_path / "at_once").stat().st_size


def test_numbers_are_counted_from_the_header(index, tmp_path):
    join_shards(index, tmp_path / "whole")
    assert count_numbers(tmp_path / "whole") == 3 + 3 + 20 + 6 + 0 + 1


@pytest.mark.parametrize("place", ["../a.safetensors", "/etc/passwd", "a.bin", "", 7])
def test_an_index_names_files_beside_it(index, place):
    rewrite(index, words=place)
    assert refused(index) == f"{index} does not name safetensors files beside it: save it again"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"weight_map": {}}', '{"weight_map": 3}'])
def test_a_damaged_index_is_refused(index, text):
    index.write_text(text)
    assert refused(index) == f"{index} does not name safetensors files beside it: save it again"


def test_a_file_that_is_missing_is_named(index):
    (index.parent / "b.safetensors").unlink()
    assert refused(index) == (
        f"{index.parent / 'b.safetensors'} is missing: save or fetch the model again"
    )


def test_a_tensor_that_no_file_holds_is_named(index):
    rewrite(index, words="a.safetensors", more="a.safetensors")
    assert refused(index) == f"{index} lists 'more', which its files lack: save it again"


@pytest.mark.parametrize("size", [0, 4, 30, -1])
def test_a_file_that_was_cut_off_is_named(index, size):
    path = index.parent / "a.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    assert refused(index).startswith(f"{path} is no whole safetensors file (")
