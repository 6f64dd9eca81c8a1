import logging

import pytest

import stilts.training.pretraining
from stilts.files.manifest import file_digests
from stilts.files.store import Store
from stilts.jobs.pretrain_model import pretrain_model
from stilts.machine.handling import Handling
from stilts.tasks.make import write_task
from tests.toys.tiny_models import checkpoint
from tests.unit.training.test_pretraining import MLM, TEXTS


def test_a_stopped_stand_in_goes_on_unless_its_tokenizer_is_another(
    tmp_path, stop, monkeypatch, caplog
):
    fields = {"task": "c", "kind": "corpus", "labels": []}
    rows = [{"id": str(i), "text": text} for i, text in enumerate(TEXTS)]
    write_task(tmp_path / "corpus", {"train": rows, "validation": rows[:9]}, fields)
    tokenizer = checkpoint(tmp_path / "tokenizer")
    recipe = MLM | {"steps": 4, "tokenizer": {"path": str(tokenizer)}}
    spec = {"name": "m", "origin": {"pretrain": recipe}, "note": None}
    store = Store(tmp_path / "store")
    options = {"corpus": tmp_path / "corpus", "handling": Handling(), "store": store}
    pretrain_model(spec, folder=tmp_path / "whole", **options)
    stop("rate", 3, place=stilts.training.pretraining)
    with pytest.raises(SystemExit):
        pretrain_model(spec, folder=tmp_path / "stopped", **options)
    monkeypatch.undo()
    caplog.set_level(logging.INFO)
    (tokenizer / "note").write_text("changed")
    pretrain_model(spec, folder=tmp_path / "other", **options)
    assert "resumed" not in caplog.text
    (tokenizer / "note").unlink()
    pretrain_model(spec, folder=tmp_path / "stopped", **options)
    assert "resumed after step 3" in caplog.text
    assert file_digests(tmp_path / "stopped") == file_digests(tmp_path / "whole")
    assert list((store.root / "snapshots").iterdir()) == []
