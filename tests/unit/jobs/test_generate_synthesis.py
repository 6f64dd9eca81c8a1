import pytest
from transformers import AutoTokenizer

from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.jobs.generate_synthesis import generate_synthesis, sampler
from stilts.machine.handling import Handling
from stilts.models.generation import sample
from stilts.tasks.generators.synthesis_gpt2 import Prompt
from stilts.tasks.make import write_task
from stilts.tasks.rows import read_split
from stilts.training.pretraining import pretrain
from tests.toys.tiny_models import WORDS
from tests.unit.training.test_pretraining import CLM, TEXTS

SETTINGS = {"samples": 3, "top_p": 0.9}


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpt2")
    pretrain(CLM | {"steps": 2, "config": CLM["config"] | {"n_positions": 120}}, TEXTS, folder)
    return folder


def test_an_ending_is_at_most_as_many_tokens_long_as_the_real_one(gpt2):
    golds = {"the old cat": "sees", "a dog": "likes the red bird"}
    prompts = [Prompt("0", "train", premise, gold) for premise, gold in golds.items()]
    found = sampler(gpt2, "cpu")(prompts, seed=3, **SETTINGS)
    tokenizer = AutoTokenizer.from_pretrained(gpt2)
    lengths = [len(tokenizer(f" {gold}")["input_ids"]) for gold in golds.values()]
    assert lengths[0] < lengths[1]
    assert found == sample(gpt2, [*golds], lengths, seed=3, **SETTINGS, progress=False)


@pytest.mark.parametrize(("length_as", "counted"), [("alone", "xyzzy"), ("in_text", " xyzzy")])
def test_the_length_of_the_real_ending_is_counted_as_the_setting_says(
    gpt2, monkeypatch, length_as, counted
):
    asked = []
    monkeypatch.setattr(
        "stilts.jobs.generate_synthesis.sample",
        lambda model, premises, lengths, **_: asked.extend(lengths),
    )
    prompts = [Prompt("0", "train", "the old cat", "xyzzy")]
    sampler(gpt2, "cpu")(prompts, seed=3, length_as=length_as, **SETTINGS)
    tokenizer = AutoTokenizer.from_pretrained(gpt2)
    assert asked == [len(tokenizer(counted)["input_ids"])]
    assert len(tokenizer("xyzzy")["input_ids"]) != len(tokenizer(" xyzzy")["input_ids"])


def test_an_unknown_way_to_count_is_refused(gpt2):
    with pytest.raises(UserError, match="unknown length_as 'long'; allowed: alone, in_text"):
        sampler(gpt2, "cpu")([], seed=3, length_as="long")


def test_a_task_is_made_of_what_the_model_writes(gpt2, tmp_path):
    texts = [" ".join(WORDS[n:] + WORDS[:n] + [f"number{n}"] * 6) for n in range(12)]
    rows = [{"id": str(n), "text": text} for n, text in enumerate(texts)]
    fields = {"task": "texts", "kind": "corpus", "labels": [], "origin": {}, "note": ""}
    write_task(tmp_path / "parent", {"train": rows, "validation": rows[:1]}, fields)
    task = {"name": "s", "title": "S", "kind": "multiple_choice", "labels": list("0123")}
    task |= {"derive": {"parent": "texts", "generator": "synthesis_gpt2"}, "metric": "accuracy"}
    task |= {"sizes": {}, "scored": ["validation"]}
    settings = SETTINGS | {"count": 6, "validation": 2, "drop_last_word": False}
    spec = {"task": task, "limits": {}, "seed": 42, "settings": settings | {"gold_first": False}}
    places = {"parent": tmp_path / "parent", "model": gpt2, "handling": Handling()}
    for name in ("one", "two"):
        generate_synthesis(spec, **places, folder=tmp_path / name)
    made = read_split(tmp_path / "one", "train")
    assert len(made) == 6 and all(len(row["options"]) == 4 for row in made)
    assert read_manifest(tmp_path / "one") == read_manifest(tmp_path / "two"), "the seed decides"
    by_hand = []
    for row in made:
        sizes = [len(AutoTokenizer.from_pretrained(gpt2).tokenize(f" {o}")) for o in row["options"]]
        by_hand.append(sizes.pop(row["label"]) - sum(sizes) / 3)
    audit = read_manifest(tmp_path / "one")["audit"]["train"]
    assert audit["gold_minus_wrong_tokens"] == pytest.approx(sum(by_hand) / 6, abs=1e-3)
