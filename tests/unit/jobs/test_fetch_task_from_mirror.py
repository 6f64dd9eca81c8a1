"""Every task of the catalogue that a mirror holds, on its real rows; needs $STILTS_MIRROR."""

import os
import re
from pathlib import Path

import pytest

from stilts.files.manifest import read_manifest
from stilts.jobs.derive_task import derive_task
from stilts.jobs.fetch_task import fetch_task
from stilts.question.catalogue import load_catalogue
from stilts.tasks.generators.synthesis_gpt2 import halves
from stilts.tasks.rows import read_split

MIRROR = os.environ.get("STILTS_MIRROR", "")
CATALOGUE = load_catalogue(Path(__file__).resolve().parents[3] / "catalogue")
ON_HUB = [name for name, task in CATALOGUE.tasks.items() if "hub" in task.source]
pytestmark = pytest.mark.skipif(not MIRROR, reason="STILTS_MIRROR names no mirror folder")


def spec(name, **settings):
    task = CATALOGUE.tasks[name].as_dict()
    return {"task": task, "limits": {}, "seed": 42, "mirror": MIRROR, "settings": settings}


def told_by_readme(name):
    """Rows, published rows (None where they are other rows) and digest by split of the README."""
    source = CATALOGUE.tasks[name].source
    card = (Path(MIRROR) / source["hub"] / "README.md").read_text()
    section = card.split(f"\n## {source.get('config', 'default')}\n")[1].split("\n## ")[0]
    row = r"^\| (\w+) \| (\d+) \| (\d+|-)[^|]*\| `(\w+)` \|$"
    return {
        split: (int(rows), None if published == "-" else int(published), digest)
        for split, rows, published, digest in re.findall(row, section, re.MULTILINE)
    }


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """Return a function that fetches a task once for all tests."""
    top = tmp_path_factory.mktemp("data")

    def fetch(name):
        if not (Path(MIRROR) / CATALOGUE.tasks[name].source["hub"]).is_dir():
            pytest.skip(f"the mirror has no {CATALOGUE.tasks[name].source['hub']}")
        if not (top / name).is_dir():
            fetch_task(spec(name), top / name)
        return top / name

    return fetch


@pytest.mark.parametrize("name", ON_HUB)
def test_rows_and_digests_are_those_the_mirror_tells(name, fetched):
    folder, told = fetched(name), told_by_readme(name)
    manifest = read_manifest(folder)
    task = CATALOGUE.tasks[name]
    for split in manifest["splits"]:
        rows, published, digest = told[task.source.get("splits", {}).get(split, split)]
        origin = manifest["origin"][split]
        assert [(file["rows"], file["sha256"]) for file in origin["files"]] == [(rows, digest)]
        if manifest["kind"] != "corpus":
            assert manifest["splits"][split]["rows"] == rows
        if published and split in task.sizes:
            assert task.sizes[split] == published
            assert manifest["size_check"][split]["equal"] is (rows == published)
    card = (Path(MIRROR) / task.source["hub"] / "README.md").read_text()
    assert manifest["note"].startswith("stand-in: ") is ("STAND-IN" in card)


# Tweets of nothing but a mention, which is cut off: they are in the published files.
BLANK = {("hate", "train"): 7, ("hate", "validation"): 1}


@pytest.mark.parametrize("name", ON_HUB)
def test_every_label_occurs_and_no_text_is_blank(name, fetched):
    folder = fetched(name)
    manifest = read_manifest(folder)
    for split in manifest["splits"]:
        classes = manifest["splits"][split]["classes"]
        assert list(classes) == sorted(manifest["labels"])
        assert all(classes.values())
        assert manifest["audit"][split]["empty"] == BLANK.get((name, split), 0)


def test_known_rows_have_the_answers_a_reader_would_give(fetched):
    rte = read_split(fetched("rte"), "train")[0]
    assert "No Weapons of Mass Destruction" in rte["first"][0]
    assert CATALOGUE.tasks["rte"].labels[rte["label"]] == "not_entailment"
    row = read_split(fetched("winogrande-xs"), "train")[0]
    assert row["first"][0].startswith("Ian volunteered to eat Dennis's menudo")
    assert row["options"][row["label"]] + row["suffix"] == "Dennis despised eating intestine."
    row = read_split(fetched("hellaswag"), "train")[0]
    assert row["options"][row["label"]] == "starts pulling up roofing on a roof."


def test_derived_tasks_keep_the_rows_of_their_parent(fetched, tmp_path):
    parent = fetched("hellaswag")
    for name in ("hellaswag-p", "hella-sh"):
        derive_task(spec(name), parent, tmp_path / name)
        for split in ("train", "validation"):
            rows, source = read_split(tmp_path / name, split), read_split(parent, split)
            assert [(row["id"], row["label"]) for row in rows] == [
                (row["id"], row["label"]) for row in source
            ]
            for row, before in zip(rows, source, strict=True):
                gold = before["label"]
                assert row["options"][gold] == before["options"][gold]
                if name == "hellaswag-p":
                    assert row["options"] == before["options"] and not row["first"]
                else:
                    assert row["first"] == before["first"]


def test_wikipedia_paragraphs_give_enough_long_sentences(fetched):
    texts = [row["text"] for row in read_split(fetched("squad-contexts"), "train")]
    pairs = halves(texts, False, 20, 30)
    assert len(pairs) > len(texts)
    assert all(10 <= len(premise.split()) <= 15 for premise, _ in pairs)
