import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForMaskedLM

from stilts.errors import UserError
from stilts.files.manifest import MANIFEST, read_manifest, sha256_of
from stilts.jobs.fetch_model import fetch_model
from stilts.models.checkpoint import describe
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.save import save
from tests.toys.tiny_models import checkpoint, facts_of

SENTENCEPIECE = ("spm.model", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")


def local(path):
    return {"name": "toy", "origin": {"path": str(path)}, "note": "a toy"}


def refused(spec, folder):
    with pytest.raises(UserError) as error:
        fetch_model(spec, folder)
    assert "\n" not in str(error.value)
    assert not (folder / MANIFEST).exists()
    return str(error.value)


@pytest.fixture
def source(tmp_path):
    return checkpoint(tmp_path / "source")


@pytest.fixture
def shards(source, tmp_path):
    """The same model in several files."""
    folder = tmp_path / "shards"
    AutoModelForMaskedLM.from_pretrained(source).save_pretrained(folder, max_shard_size="20KB")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    assert len([*folder.glob("*.safetensors")]) > 2 and not (folder / "model.safetensors").exists()
    return folder


def test_a_local_model_is_copied_with_its_facts(source, tmp_path):
    fetch_model(local(source), tmp_path / "own")
    manifest = read_manifest(tmp_path / "own")
    assert manifest["origin"] == {"path": str(source)}
    assert (manifest["model"], manifest["note"]) == ("toy", "a toy")
    assert (manifest["family"], manifest["architecture"]) == ("roberta", "RobertaForMaskedLM")
    weights = load_file(source / "model.safetensors")
    assert manifest["parameters"] == sum(value.numel() for value in weights.values())
    assert manifest["files"]["model.safetensors"] == sha256_of(source / "model.safetensors")
    assert describe(tmp_path / "own").items() <= manifest.items()


def test_a_model_in_several_files_arrives_as_one(source, shards, tmp_path):
    fetch_model(local(shards), tmp_path / "own")
    names = {path.name for path in (tmp_path / "own").iterdir()}
    assert "model.safetensors" in names
    assert not any(name.startswith("model-") or name.endswith("index.json") for name in names)
    own, wanted = (load_file(path / "model.safetensors") for path in (tmp_path / "own", source))
    assert own.keys() == wanted.keys()
    assert all(torch.equal(own[name], wanted[name]) for name in wanted)
    manifest = read_manifest(tmp_path / "own")
    assert manifest["parameters"] == sum(value.numel() for value in wanted.values())
    _, _, reports = load(tmp_path / "own", [pose(facts_of())], 12)
    assert reports["toy"]["carried"] == []


def test_the_heads_of_a_stage_of_ours_come_along(source, tmp_path):
    tasks = [pose(facts_of("classification", name)) for name in ("one", "two")]
    model, tokenizer, _ = load(source, tasks, 5)
    save(model, tokenizer, tmp_path / "stage")
    fetch_model(local(tmp_path / "stage"), tmp_path / "own")
    _, _, reports = load(tmp_path / "own", tasks, 6)
    assert [report["new"] for report in reports.values()] == [[], []]


def test_a_file_of_several_that_is_missing_is_refused(shards, tmp_path):
    lost = min(shards.glob("model-*.safetensors"))
    lost.unlink()
    message = refused(local(shards), tmp_path / "own")
    assert message == f"{lost} is missing: save or fetch the model again"


@pytest.mark.parametrize("name", SENTENCEPIECE)
def test_a_vocabulary_of_sentencepiece_comes_along(name, source, tmp_path):
    (source / name).write_bytes(b"pieces")
    (source / "modeling.py").write_text("raise SystemExit")
    fetch_model(local(source), tmp_path / "own")
    assert (tmp_path / "own" / name).read_bytes() == b"pieces"
    assert name in read_manifest(tmp_path / "own")["files"]
    assert not (tmp_path / "own" / "modeling.py").exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_folder_without_config_or_weights_is_refused(name, source, tmp_path):
    (source / name).unlink()
    (source / "pytorch_model.bin").write_bytes(b"pickled")
    assert refused(local(source), tmp_path / "own") == (
        f"model 'toy': {source} holds no {name}; save the model with save_pretrained (safetensors);"
        " pickled weights are never read"
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    assert refused(local(tmp_path / "none"), tmp_path / "own") == (
        f"model 'toy': folder {tmp_path / 'none'} does not exist: mend 'path'"
    )


def test_a_family_that_cannot_be_trained_is_refused_before_anything_is_copied(source, tmp_path):
    AutoConfig.for_model("t5").save_pretrained(source)
    message = refused(local(source), tmp_path / "own")
    assert message.startswith(f"model 'toy': {source}: family 't5' is an encoder-decoder; use an")
    assert not (tmp_path / "own").exists()


def test_a_family_that_is_not_the_catalogues_is_refused(source, tmp_path):
    message = refused(local(source) | {"family": "bert"}, tmp_path / "own")
    assert message == (
        f"model 'toy': {source} is of family 'roberta', the catalogue says 'bert': correct 'family'"
        " there"
    )


def test_a_folder_without_a_tokenizer_is_refused(source, tmp_path):
    (source / "tokenizer.json").unlink()
    message = refused(local(source), tmp_path / "own")
    assert message.startswith(f"model 'toy': {source}: the tokenizer cannot be read (there is no")


def test_the_hub_is_asked_for_weights_in_one_or_several_files(shards, tmp_path, monkeypatch):
    asked = {}

    class Hub:
        def model_info(self, repository, revision):
            return type("Info", (), {"sha": "1" * 40})

    def download(repository, revision, allow_patterns):
        asked.update(repository=repository, revision=revision, patterns=allow_patterns)
        return shards

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    fetch_model({"name": "toy", "origin": {"hub": "a/b"}, "note": ""}, tmp_path / "own")
    assert (asked["repository"], asked["revision"]) == ("a/b", "1" * 40)
    wanted = {path.name for path in shards.iterdir()} | {"model.safetensors", *SENTENCEPIECE}
    wanted |= {"heads.safetensors"}
    kept = huggingface_hub.utils.filter_repo_objects(wanted, allow_patterns=asked["patterns"])
    assert set(kept) == wanted
    never = ["pytorch_model.bin", "modeling.py", "model.safetensors.py", "onnx/model.onnx"]
    left = huggingface_hub.utils.filter_repo_objects(never, allow_patterns=asked["patterns"])
    assert list(left) == []
    assert read_manifest(tmp_path / "own")["origin"] == {"hub": "a/b", "revision": "1" * 40}


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 133466304\n"


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_pointer_of_git_lfs_in_place_of_a_file_is_refused(name, source, tmp_path):
    (source / name).write_text(POINTER)
    text = refused(local(source), tmp_path / "copied")
    assert f"{name} is a pointer of git-lfs, not the file itself: run `git lfs pull`" in text


@pytest.mark.parametrize("content", ["", "PK not weights at all, but long enough for a header"])
def test_weights_of_any_other_form_are_refused(content, source, tmp_path):
    (source / "model.safetensors").write_text(content)
    text = refused(local(source), tmp_path / "copied")
    assert "model.safetensors is no whole safetensors file" in text


def test_a_link_that_leads_out_of_the_folder_is_refused_and_nothing_is_copied(source, tmp_path):
    (tmp_path / "secret").write_text("root:x:0")
    (source / "vocab.txt").symlink_to(tmp_path / "secret")
    text = refused(local(source), tmp_path / "copied")
    assert f"vocab.txt is a link to {tmp_path / 'secret'}, outside" in text
    assert not (tmp_path / "copied" / "vocab.txt").exists()


def test_the_links_of_a_hubs_cache_are_its_own(source, tmp_path):
    blobs, snapshot = tmp_path / "models--me--mine/blobs", tmp_path / "models--me--mine/snapshots/1"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(source.iterdir())):
        path.rename(blobs / str(number))
        (snapshot / path.name).symlink_to(f"../../blobs/{number}")
    fetch_model(local(snapshot), tmp_path / "copied")
    copied = tmp_path / "copied" / "model.safetensors"
    assert copied.is_file() and not copied.is_symlink()
    (snapshot / "vocab.txt").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("x")
    assert "outside" in refused(local(snapshot), tmp_path / "again")


def test_a_hub_that_cannot_be_reached_names_the_model_and_the_remedy(tmp_path, monkeypatch):
    class Unreachable:
        def model_info(self, repository, revision):
            raise type("ConnectError", (Exception,), {})("[Errno 111] Connection refused")

    monkeypatch.setattr("huggingface_hub.HfApi", Unreachable)
    spec = {"name": "mine", "origin": {"hub": "me/mine"}, "note": ""}
    text = refused(spec, tmp_path / "copied")
    assert "'me/mine' cannot be fetched (ConnectError): check the id and the network" in text
