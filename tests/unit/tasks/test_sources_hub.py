"""The hub path, against a loopback server that answers as the hub does.

The endpoint is read when the libraries are imported, so each reading runs in its own process.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.toys.loopback_hub import CONVERTED_SHA, NAME, SHA, Hub, parquet

ROOT = Path(__file__).resolve().parents[3]
READ = """
import json, sys
from stilts.errors import UserError
from stilts.tasks.sources.read import read_source
answers = []
for source, split in json.loads(sys.argv[1]):
    try:
        rows, origin = read_source(source, split)
        answers.append({"rows": rows, "origin": origin})
    except UserError as error:
        answers.append({"error": str(error)})
print(json.dumps(answers))
"""


@pytest.fixture
def hub():
    server = Hub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def read(hub, tmp_path, source, split="train", **extra):
    """Return the rows and origin, or the error, of a split of the loopback hub."""
    [answer] = read_all(hub, tmp_path, [(source, split)], **extra)
    return answer


def read_all(hub, tmp_path, requests, **extra):
    """Call `read_source` for each request, in a process whose hub is the loopback server."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("HF_") and "proxy" not in key.lower()
    }
    environment |= {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}",
        "HF_HOME": str(tmp_path / "cache"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        **extra,
    }
    done = subprocess.run(
        [sys.executable, "-c", READ, json.dumps(requests)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    return [answer | {"stderr": done.stderr} for answer in answers]


def test_a_hub_split_comes_with_the_commit_it_was_read_at(hub, tmp_path):
    found = read(hub, tmp_path, {"hub": NAME, "config": "vowels"}, "validation")
    assert found["rows"] == [{"word": "o", "label": 0}, {"word": "u", "label": 1}]
    assert found["origin"]["revision"] == SHA
    assert found["origin"]["branch"] == "main"
    asked = {path for _, path, _ in hub.seen}
    assert f"datasets/{NAME}/resolve/{SHA}/vowels/validation-00000-of-00001.parquet" in asked


def test_a_branch_is_resolved_to_its_commit(hub, tmp_path):
    other = "3" * 40
    hub.branches["old"] = other
    hub.files[other] = {**hub.files[SHA], "vowels/train-00000-of-00001.parquet": parquet("y")}
    found = read(hub, tmp_path, {"hub": NAME, "config": "vowels", "revision": "old"})
    assert (found["origin"]["revision"], found["origin"]["branch"]) == (other, "old")
    assert [row["word"] for row in found["rows"]] == ["y"]


def test_new_content_on_the_hub_is_not_hidden_by_the_cache(hub, tmp_path):
    source = {"hub": NAME, "config": "vowels"}
    read(hub, tmp_path, source)
    newer = "4" * 40
    hub.branches["main"] = newer
    hub.files[newer] = {**hub.files[SHA], "vowels/train-00000-of-00001.parquet": parquet("y")}
    found = read(hub, tmp_path, source)
    assert [row["word"] for row in found["rows"]] == ["y"]
    assert found["origin"]["revision"] == newer


def test_an_older_version_in_the_cache_does_not_stand_in_for_a_failed_read(hub, tmp_path):
    source = {"hub": NAME, "config": "vowels"}
    read(hub, tmp_path, source)
    hub.branches["main"] = "5" * 40
    hub.files["5" * 40] = {}
    assert "another revision" in read(hub, tmp_path, source)["error"]


def test_a_data_set_with_a_script_is_read_from_the_hubs_parquet_copy(hub, tmp_path):
    hub.become_a_script()
    found = read(hub, tmp_path, {"hub": NAME, "config": "vowels"}, "validation")
    assert [row["word"] for row in found["rows"]] == ["o", "u"]
    assert found["origin"]["revision"] == CONVERTED_SHA
    assert found["origin"]["branch"] == "refs/convert/parquet"


def test_a_local_folder_with_the_name_of_a_data_set_is_not_read_in_its_place(hub, tmp_path):
    folder = tmp_path / NAME
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text("word,label\nwrong,0\n")
    found = read(hub, tmp_path, {"hub": NAME, "config": "vowels"})
    assert [row["word"] for row in found["rows"]] == ["a", "e", "i"]


def test_what_the_hub_does_not_have_is_one_line(hub, tmp_path):
    told = {
        "data set 'toys/digits' is not on the hub": ({"hub": "toys/digits"}, "train"),
        "the hub has: ['vowels']": ({"hub": NAME, "config": "runes"}, "train"),
        "has no split 'test'": ({"hub": NAME, "config": "vowels"}, "test"),
        "has no revision 'v9'": ({"hub": NAME, "revision": "v9"}, "train"),
    }
    answers = read_all(hub, tmp_path, list(told.values()))
    for said, answer in zip(told, answers, strict=True):
        assert said in answer["error"]
        assert "\n" not in answer["error"]


def test_a_failed_download_is_one_line_that_names_the_mirror_and_no_token(hub, tmp_path):
    token = "hf_" + "x" * 30
    hub.files[SHA].pop("vowels/train-00000-of-00001.parquet")
    found = read(hub, tmp_path, {"hub": NAME, "config": "vowels"}, HF_TOKEN=token)
    assert f"Bearer {token}" in {authorization for *_, authorization in hub.seen}
    assert NAME in found["error"] and "'mirror'" in found["error"]
    assert "\n" not in found["error"] and token not in found["error"] + found["stderr"]


def test_an_unreachable_hub_is_one_line(hub, tmp_path):
    found = read(hub, tmp_path, {"hub": NAME}, HF_ENDPOINT="http://127.0.0.1:9")
    assert f"data set '{NAME}' cannot be read from the hub" in found["error"]
    assert "'mirror'" in found["error"] and "\n" not in found["error"]


def test_offline_mode_is_one_line_that_names_the_mirror(hub, tmp_path):
    found = read(hub, tmp_path, {"hub": NAME}, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in found["error"] and "'mirror'" in found["error"]
    assert not hub.seen
