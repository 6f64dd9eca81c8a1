import json
import subprocess
import sys

import pytest
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from stilts.errors import UserError
from stilts.models.batch import pack
from stilts.models.encoder import all_states, first_states, packed
from stilts.models.family import (
    choose_padding,
    family_module,
    family_of,
    inputs,
    read_config,
    read_tokenizer,
)
from stilts.models.head import pose
from stilts.models.load import load
from stilts.models.save import save, save_library
from stilts.models.tokens import encode
from tests.house.imports import modules, reached
from tests.toys.tiny_models import (
    TESTED,
    checkpoint,
    facts_of,
    pairs,
    random_encoded,
    scatter,
    tokenizer_of,
)

TOY = pose(facts_of(classes=3))
CHOICE = pose(facts_of("multiple_choice", "choice"))


@pytest.fixture
def said(caplog):
    """What is said of families that are met for the first time."""
    family_of.cache_clear()
    caplog.set_level("WARNING")
    return lambda: [record.getMessage() for record in caplog.records]


def refused(action, *arguments):
    with pytest.raises(UserError) as error:
        action(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_familys_file_is_found_by_its_type_and_reached_by_no_import():
    """So a new one changes no fingerprint, and an edited one that of its models alone."""
    assert family_module("xlm-roberta") == "stilts.models.families.xlm_roberta"
    assert family_module("camembert") is None
    found = reached(modules()["stilts.models.load"].read_text())
    assert "stilts.models.family" in found
    assert not [name for name in found if name.startswith("stilts.models.families")]


def test_families_are_read_without_anything_heavy():
    program = (
        "import sys; from stilts.models.family import family_of, known\n"
        "found = [family_of(name) for name in known()]\n"
        "print(len(found), {'torch', 'transformers', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split(maxsplit=1) == [str(len(TESTED)), "set()\n"], done.stderr


# Families without a file


@pytest.mark.parametrize(
    ("family", "kind", "own"),
    [
        ("camembert", "classification", "CamembertForSequenceClassification"),
        ("camembert", "multiple_choice", "CamembertForMultipleChoice"),
        ("qwen2", "classification", "Qwen2ForSequenceClassification"),
        ("qwen2", "multiple_choice", "Qwen2ForSequenceClassification"),
    ],
)
def test_a_family_without_a_file_runs_padded_and_says_so_once(family, kind, own, tmp_path, said):
    task = pose(facts_of(kind, classes=3))
    model, tokenizer, _ = load(checkpoint(tmp_path / "base", family), [task], 5)
    save(scatter(model), tokenizer, tmp_path / "own")
    assert not packed(model.encoder)
    assert said() == [f"family '{family}' has no test here: it runs padded, as transformers has it"]
    choices = 3 if kind == "multiple_choice" else 1
    batch = pack(random_encoded(4, choices), range(4))
    theirs = getattr(transformers, own).from_pretrained(tmp_path / "own")
    given = inputs(family_of(family), batch, theirs.config.pad_token_id)
    given.pop("use_cache", None)
    if own.endswith("MultipleChoice"):
        given = {name: value.unflatten(0, (-1, choices)) for name, value in given.items()}
    wanted = theirs(**given).logits
    torch.testing.assert_close(model(batch, "toy").flatten(), wanted.flatten())


def test_an_encoder_that_shortens_its_texts_has_no_states_of_tokens(tmp_path, said):
    """Funnel pools tokens; its heads read the first one, which is kept."""
    config = AutoConfig.for_model("funnel", vocab_size=40, d_model=32, n_head=2, d_head=16)
    config.update({"block_sizes": [1, 1], "block_repeats": [1, 1], "d_inner": 48})
    own = AutoModelForSequenceClassification.from_config(config)
    save_library(own, tokenizer_of("bert"), tmp_path)
    model, _, _ = load(tmp_path, [TOY], 5)
    batch = pack(random_encoded(4, vocabulary=25), range(4))
    assert first_states(model.encoder, batch).shape == (4, 1, 32)
    assert refused(all_states, model.encoder, batch) == (
        "family 'funnel' has no state for every token, which this task needs: use another model"
        " for it"
    )


# Checkpoints as people bring them


@pytest.mark.parametrize(
    ("family", "head"),
    [
        (family, head)
        for family in TESTED
        for head in ("ForTokenClassification", "ForQuestionAnswering", "", "shards")
        if (family, head) != ("llama", "ForQuestionAnswering")
    ],
)
def test_an_encoder_is_carried_whatever_stands_on_it(family, head, tmp_path):
    """Another task's head, no head at all, or the language model in several files."""
    if head == "shards":
        model, tokenizer, _ = load(checkpoint(tmp_path / "base", family), [TOY], 5)
        model.head("toy").owner.save_pretrained(tmp_path / "own", max_shard_size="20KB")
        tokenizer.save_pretrained(tmp_path / "own")
        assert len([*(tmp_path / "own").glob("model-*.safetensors")]) > 1
    else:
        checkpoint(tmp_path / "own", family, getattr(transformers, f"AutoModel{head}"))
    wanted = AutoModel.from_pretrained(tmp_path / "own").state_dict()
    for tasks in ([TOY], [CHOICE], [TOY, CHOICE]):
        model, _, reports = load(tmp_path / "own", tasks, 5)
        for task in tasks:
            new = reports[task.key]["new"]
            assert any(name.startswith(("classifier.", "score.")) for name in new)
        found = model.encoder.state_dict()
        carried = {name for name in wanted if "pooler" not in name}
        assert carried <= found.keys()
        assert [name for name in carried if not torch.equal(found[name], wanted[name])] == []


def test_names_that_transformers_itself_does_not_find_again_are_refused(tmp_path):
    """Llama's class for question answering alone calls its encoder `transformer`."""
    folder = checkpoint(tmp_path, "llama", transformers.AutoModelForQuestionAnswering)
    with pytest.raises(ValueError, match="lacks 20 weights of the encoder .embed_tokens"):
        load(folder, [TOY], 5)


@pytest.mark.parametrize("family", TESTED)
def test_tied_weights_are_stored_once_and_loaded(family, tmp_path):
    folder = checkpoint(tmp_path, family, tie_word_embeddings=True)
    vocabulary = len(tokenizer_of(family))
    stored = load_file(folder / "model.safetensors").values()
    (words,) = (value for value in stored if value.dim() == 2 and len(value) == vocabulary)
    model, _, _ = load(folder, [TOY], 5)
    assert torch.equal(model.encoder.get_input_embeddings().weight, words)


# Checkpoints that are of no use


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_an_encoder_decoder_is_refused(family, tmp_path):
    AutoConfig.for_model(family).save_pretrained(tmp_path)
    assert refused(load, tmp_path, [TOY], 5).startswith(
        f"{tmp_path}: family '{family}' is an encoder-decoder; use an encoder or a causal model"
        " (albert, bert,"
    )


def test_a_model_of_pictures_is_refused(tmp_path):
    AutoConfig.for_model("vit").save_pretrained(tmp_path)
    assert refused(read_config, tmp_path).startswith(
        f"{tmp_path}: family 'vit' has no class in transformers that classifies text"
        " (AutoModelForSequenceClassification); use a model of albert"
    )


@pytest.mark.parametrize(
    "config",
    [
        {"hidden_size": 8},
        {"model_type": "no-such-family"},
        {"model_type": "no-such", "auto_map": {"AutoConfig": "code.Config"}},
    ],
)
def test_a_config_that_transformers_cannot_read_alone_is_refused(config, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert refused(read_config, tmp_path).startswith(
        f"{tmp_path}: config.json names no 'model_type' that this transformers knows, or needs code"
        " of its own, which is never run: use a model of albert"
    )


# Tokenizers


@pytest.mark.parametrize("family", TESTED)
def test_a_checkpoint_without_a_vocabulary_is_refused(family, tmp_path):
    """transformers would make up a tokenizer that knows no word."""
    folder = checkpoint(tmp_path, family)
    (folder / "tokenizer.json").unlink()
    assert refused(load, folder, [TOY], 5).startswith(f"{folder}: the tokenizer cannot be read (")


def test_a_bare_list_of_words_is_a_tokenizer(tmp_path):
    folder = checkpoint(tmp_path, "bert")
    wanted = read_tokenizer(folder)
    words = sorted(wanted.get_vocab(), key=wanted.get_vocab().get)
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(words))
    assert read_tokenizer(folder)("the cat")["input_ids"] == wanted("the cat")["input_ids"]


def test_a_vocabulary_that_this_environment_does_not_read_is_refused(tmp_path):
    folder = checkpoint(tmp_path, "llama")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.model").write_bytes(b"pieces")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer"}')
    message = refused(read_tokenizer, folder)
    assert message.startswith(f"{folder}: the tokenizer cannot be read (")
    assert message.endswith(
        "): put its tokenizer.json beside the model; save_pretrained writes it, from a"
        " sentencepiece file where that is installed"
    )


# Padding


def test_the_padding_of_a_causal_model_is_its_end_token(tmp_path):
    checkpoint(tmp_path / "base", "gpt2")
    assert AutoTokenizer.from_pretrained(tmp_path / "base").pad_token is None
    model, tokenizer, _ = load(tmp_path / "base", [TOY], 5)
    assert (tokenizer.pad_token, model.config.pad_token_id) == ("<|endoftext|>", 0)
    save(model, tokenizer, tmp_path / "stage")
    assert AutoTokenizer.from_pretrained(tmp_path / "stage").pad_token == "<|endoftext|>"
    assert AutoConfig.from_pretrained(tmp_path / "stage").pad_token_id == 0


def test_a_token_that_becomes_the_padding_is_trained_on_as_before(tmp_path):
    """An embedding that is built with a padding token has no gradient for it."""
    model, tokenizer, _ = load(checkpoint(tmp_path, "llama"), [TOY], 5)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id == 0
    encoded = encode(pairs(3), "classification", tokenizer, 20)
    assert encoded.tokens[0] == 0, "it opens every text"
    model.loss(pack(encoded, range(3)), "toy").backward()
    assert model.encoder.get_input_embeddings().weight.grad[0].any()


def test_padding_that_is_there_stays(tmp_path):
    tokenizer = tokenizer_of("gpt2")
    tokenizer.pad_token = "the"
    config = AutoConfig.for_model("gpt2", pad_token_id=7)
    choose_padding(family_of("gpt2"), config, tokenizer)
    assert (tokenizer.pad_token, config.pad_token_id) == ("the", 7)


def test_without_padding_and_end_token_a_causal_model_is_refused():
    tokenizer = tokenizer_of("gpt2")
    tokenizer.eos_token = None
    config = AutoConfig.for_model("gpt2")
    assert "the tokenizer has neither a pad_token nor an eos_token: name one of them in" in (
        refused(choose_padding, family_of("gpt2"), config, tokenizer)
    )


@pytest.mark.parametrize("family", ["bert", "distilbert", "gpt2"])
def test_a_forward_is_given_what_it_takes(family):
    batch = pack(random_encoded(3), range(3))
    given = inputs(family_of(family), batch, 9)
    names = {"input_ids", "attention_mask"}
    names |= {"bert": {"token_type_ids"}, "gpt2": {"use_cache"}}.get(family, set())
    assert given.keys() == names
    hidden = given["attention_mask"] == 0
    assert hidden.any() and (given["input_ids"][hidden] == 9).all()
    unpadded = inputs(family_of(family), batch, None)
    assert (unpadded["input_ids"][hidden] == 0).all(), "hidden by the mask, so any token will do"
