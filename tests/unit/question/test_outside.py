"""What is read from outside, against what a manifest says was read."""

import json

import pytest

from stilts.files.digests import Digests
from stilts.files.manifest import sha256_of
from stilts.question.ask import ask
from stilts.question.outside import Outside


@pytest.fixture
def asked(own_root, config):
    """A model's folder, its manifest as it was fetched, and what is said to have changed since."""
    folder, results = own_root / "mine", own_root / "results"
    folder.mkdir()
    for name in ("config.json", "data_config.json", "tokenizer.json"):
        (folder / name).write_text(f'"{name}"')
    read = {name: sha256_of(folder / name) for name in ("config.json", "tokenizer.json")}
    manifest = results / "models/roberta-large/manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"origin": {"path": str(folder)}, "files": read}))
    models = {"roberta-large": {"path": str(folder)}}
    question = ask({**config, "models": models}, own_root)

    def changed():
        return list(Outside(question, Digests(own_root / "digests.json")).changed(results))

    return folder, changed


def test_a_file_whose_name_ends_like_that_of_another_is_not_taken_for_it(asked):
    _, changed = asked
    assert changed() == []


def test_a_file_that_was_read_and_is_another_now_is_told(asked):
    folder, changed = asked
    (folder / "tokenizer.json").write_text("another")
    (line,) = changed()
    assert "mine/tokenizer.json has changed since it was read: models/roberta-large" in line
