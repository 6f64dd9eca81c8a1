import json

import pytest
from safetensors.torch import load_file

from stilts.errors import UserError
from stilts.files.manifest import MANIFEST, sha256_of, to_json
from stilts.models.checkpoint import describe, is_made
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.save import save
from tests.toys.tiny_models import checkpoint, facts_of


@pytest.fixture
def source(tmp_path):
    return checkpoint(tmp_path / "source")


def changed(path):
    """Turn the last byte of a file round."""
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)


def test_a_checkpoint_is_described_by_its_files(source):
    facts = describe(source)
    assert (facts["family"], facts["architecture"]) == ("roberta", "RobertaForMaskedLM")
    weights = load_file(source / "model.safetensors")
    assert facts["parameters"] == sum(value.numel() for value in weights.values())
    assert facts["files"] == {path.name: sha256_of(path) for path in source.iterdir()}


def test_config_and_weights_of_a_stage_count_alike(source):
    facts = describe(source)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    assert describe(source)["sha256"] != facts["sha256"]
    facts = describe(source)
    changed(source / "model.safetensors")
    assert describe(source)["sha256"] != facts["sha256"]


def test_one_digest_covers_encoder_and_heads(source, tmp_path):
    tasks = [pose(facts_of()), pose(facts_of("multiple_choice", "choice"))]
    model, tokenizer, _ = load(source, tasks, 5)
    save(model, tokenizer, tmp_path / "stage")
    digests = {describe(tmp_path / "stage")["sha256"]}
    for name in ("heads.safetensors", "model.safetensors"):
        changed(tmp_path / "stage" / name)
        digests.add(describe(tmp_path / "stage")["sha256"])
    assert len(digests) == 3


def test_a_checkpoint_is_made_where_key_and_bytes_are_the_manifests(source):
    assert not is_made(source, "abc")
    (source / MANIFEST).write_text(to_json({"key": "abc", **describe(source)}))
    assert is_made(source, "abc") and not is_made(source, "abd")
    changed(source / "model.safetensors")
    assert not is_made(source, "abc")


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_checkpoint_whose_files_are_not_those_of_its_manifest_is_refused(source, file):
    (source / MANIFEST).write_text(to_json(describe(source)))
    load(source, [pose(facts_of())], 1)
    changed(source / file)
    with pytest.raises(UserError) as caught:
        load(source, [pose(facts_of())], 1)
    wanted = f"{source / file} was changed after its manifest: delete the folder {source}"
    assert str(caught.value).startswith(wanted)


def test_a_file_too_many_or_too_few_is_refused(source):
    (source / MANIFEST).write_text(to_json(describe(source)))
    (source / "vocab.txt").write_text("a")
    with pytest.raises(UserError, match=r"vocab.txt is not in its manifest: delete the folder"):
        load(source, [pose(facts_of())], 1)
    (source / "vocab.txt").unlink()
    (source / "tokenizer.json").unlink()
    with pytest.raises(UserError, match=r"tokenizer.json is missing: delete the folder"):
        load(source, [pose(facts_of())], 1)
