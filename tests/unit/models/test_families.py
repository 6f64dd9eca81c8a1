import inspect

import numpy as np
import pytest
import torch
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_MULTIPLE_CHOICE_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoModel,
    AutoModelForMultipleChoice,
    AutoModelForSequenceClassification,
)

from stilts.models.batch import pack
from stilts.models.encoder import all_states, first_states, pooled
from stilts.models.family import family_of, known
from stilts.models.head import pose
from stilts.models.load import copy_weights, load, reset
from stilts.models.save import save
from stilts.models.tokens import encode
from stilts.training.flat import ALL, lay_apart, lay_flat
from stilts.training.loop import train
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import (
    TESTED,
    checkpoint,
    config_of,
    facts_of,
    pairs,
    questions,
    scatter,
    weights_of,
)

KINDS = ("classification", "multiple_choice")
WALKED = ("bert", "roberta", "xlm-roberta", "electra", "distilbert", "albert")
CAUSAL = ("gpt2", "llama")
ROWS = 5


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """Folders of models with a head of a kind for the task `toy`, every weight scattered."""
    made = {}

    def folder_of(family, kind):
        if (family, kind) not in made:
            folder = tmp_path_factory.mktemp(f"{family}-{kind}")
            model, tokenizer, _ = load(checkpoint(folder / "base", family), [toy(kind)], 7)
            save(scatter(model), tokenizer, folder / "stage")
            made[family, kind] = folder / "stage"
        return made[family, kind]

    return folder_of


def toy(kind):
    """The task `toy`, of three classes or three options."""
    return pose(facts_of(kind, classes=3))


def encoded_rows(kind, tokenizer):
    rows = pairs(ROWS, classes=3) if kind == "classification" else questions(ROWS)
    return encode(rows, kind, tokenizer, 30)


def padded_by_hand(encoded, model):
    """What transformers documents: rows of one length, a mask, and token types where taken."""
    shape = (len(encoded.lengths), int(encoded.lengths.max()))
    tokens, types, mask = (np.zeros(shape, np.int64) for _ in range(3))
    tokens += model.config.pad_token_id
    for i, (start, length) in enumerate(zip(encoded.offsets, encoded.lengths, strict=True)):
        tokens[i, :length] = encoded.tokens[start : start + length]
        mask[i, :length] = 1
        if encoded.types is not None:
            types[i, :length] = encoded.types[start : start + length]
    given = {"input_ids": tokens, "attention_mask": mask}
    taken = inspect.signature(model.forward).parameters
    if "token_type_ids" in taken and model.config.model_type != "gpt2":
        given["token_type_ids"] = types
    return {name: torch.from_numpy(value) for name, value in given.items()}


def own_logits(model, encoded):
    given = padded_by_hand(encoded, model)
    if encoded.choices > 1 and type(model).__name__.endswith("ForMultipleChoice"):
        given = {name: value.unflatten(0, (-1, encoded.choices)) for name, value in given.items()}
    logits = model(**given).logits
    return logits.view(-1, encoded.choices) if encoded.choices > 1 else logits


def own_model(folder, kind, family):
    """The class that transformers itself would load the folder into."""
    several = kind == "multiple_choice" and family not in ("deberta", *CAUSAL)
    head = AutoModelForMultipleChoice if several else AutoModelForSequenceClassification
    return head.from_pretrained(folder)


def gradients(model, logits, labels):
    """By the names that transformers has for the parameters of a whole model."""
    model.zero_grad()
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)).backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def agree(left, right, name=None):
    torch.testing.assert_close(
        left, right, atol=1e-5, rtol=1e-5, msg=name and (lambda m: f"{name}: {m}")
    )


# Held to transformers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", TESTED)
def test_logits_and_gradients_are_those_of_the_familys_own_forward(family, kind, folder_of):
    folder = folder_of(family, kind)
    model, tokenizer, reports = load(folder, [toy(kind)], 1)
    assert reports[toy(kind).key]["new"] == []
    ours = model.head("toy").owner
    theirs = own_model(folder, kind, family)
    encoded = encoded_rows(kind, tokenizer)
    assert len(set(encoded.lengths.tolist())) > 2
    logits, wanted = model(pack(encoded, range(ROWS)), "toy"), own_logits(theirs, encoded)
    assert wanted.std() > 0.05, "a difference would show"
    agree(logits, wanted)
    left = gradients(ours, logits, encoded.labels)
    right = gradients(theirs, wanted, encoded.labels)
    assert left.keys() == right.keys()
    for name, gradient in left.items():
        agree(gradient, right[name], name)


@pytest.mark.parametrize("family", TESTED)
def test_states_are_those_of_the_familys_own_encoder(family, folder_of):
    folder = folder_of(family, "classification")
    model, tokenizer, _ = load(folder, [toy("classification")], 1)
    encoded = encoded_rows("classification", tokenizer)
    batch = pack(encoded, range(ROWS))
    own = AutoModel.from_pretrained(folder)
    with torch.inference_mode():
        output = own(**padded_by_hand(encoded, own))
        rows = zip(output.last_hidden_state, encoded.lengths, strict=True)
        rows = [states[:length] for states, length in rows]
        answers = torch.stack([states[-1 if family in CAUSAL else 0] for states in rows])
        for encoder in (model.head("toy").owner, model.encoder):
            agree(all_states(encoder, batch), torch.cat(rows))
            agree(first_states(encoder, batch)[:, 0], answers)
        if getattr(model.encoder, "pooler", None) is None:
            agree(pooled(model.encoder, batch), answers)
        else:
            agree(pooled(model.encoder, batch), output.pooler_output)


@pytest.mark.parametrize("family", sorted({*TESTED} - {"mobilebert"}))
def test_the_companions_of_a_text_do_not_change_its_answer(family, folder_of):
    """MobileBERT's last token sees the padding beside it, in transformers' own batches too."""
    model, tokenizer, _ = load(folder_of(family, "classification"), [toy("classification")], 1)
    encoded = encoded_rows("classification", tokenizer)
    with torch.inference_mode():
        together = model(pack(encoded, range(ROWS)), "toy")
        alone = [model(pack(encoded, [i]), "toy") for i in range(ROWS)]
    agree(together, torch.cat(alone))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", WALKED)
def test_a_walk_over_weights_that_lie_flat_has_the_same_gradients(family, kind, folder_of):
    """Query, key and value are one parameter then; ALBERT meets each of them several times."""
    model, tokenizer, _ = load(folder_of(family, kind), [toy(kind)], 1)
    encoded = encoded_rows(kind, tokenizer)
    batch = pack(encoded, range(ROWS))
    plain = gradients(model, model(batch, "toy"), encoded.labels)
    weights = lay_flat(model)
    assert list(weights) == [ALL]
    assert len(weights[ALL]) == sum(p.numel() for p in model.parameters())
    torch.nn.functional.cross_entropy(model(batch, "toy"), batch.labels).backward()
    for name, parameter in model.named_parameters():
        agree(parameter.grad, plain.get(name, torch.zeros_like(parameter)), name)
    lay_apart(model)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", TESTED)
def test_a_checkpoint_that_someone_brings_is_trained_saved_and_loaded(family, kind, tmp_path):
    """What is saved reads in transformers, and comes back whole with its head."""
    model, tokenizer, _ = load(checkpoint(tmp_path / "base", family), [toy(kind)], 1)
    start, encoded = copy_weights(model), encoded_rows(kind, tokenizer)
    recipe = {"lr": 1e-2, "batch": 2, "seed": 1, "epochs": 1}
    history = train(Workspace(model), {"toy": encoded}, recipe)
    assert len(history.losses) == 3 and np.isfinite(history.losses).all()
    end = copy_weights(model.eval())
    changed = [name for name, value in end.items() if not torch.equal(value, start[name])]
    assert len(changed) > len(start) / 2
    save(model, tokenizer, tmp_path / "stage")
    again, _, reports = load(tmp_path / "stage", [toy(kind)], 2)
    assert reports[toy(kind).key]["new"] == []
    assert weights_of(again) == weights_of(model)
    theirs, batch = own_model(tmp_path / "stage", kind, family), pack(encoded, range(ROWS))
    with torch.inference_mode():
        logits = again(batch, "toy")
        agree(logits, model(batch, "toy"))
        agree(logits, own_logits(theirs, encoded))


def test_an_encoder_that_is_not_trained_is_walked_as_well(folder_of):
    folder, task = folder_of("bert", "classification"), toy("classification")
    model, tokenizer, _ = load(folder, [task], 1)
    batch = pack(encoded_rows("classification", tokenizer), range(ROWS))
    wanted = model(batch, "toy")
    model.encoder.requires_grad_(False)
    (weights,) = lay_flat(model).values()
    assert len(weights) == sum(p.numel() for p in model.head("toy").parameters())
    agree(model(batch, "toy"), wanted)
    model(batch, "toy").sum().backward()
    assert weights.grad.any()
    lay_apart(model)


# Heads that start anew


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", TESTED)
def test_a_new_head_depends_on_the_seed_only(family, kind, tmp_path):
    base = checkpoint(tmp_path, family)
    torch.manual_seed(11)
    model, _, reports = load(base, [toy(kind)], 5)
    start, whole = copy_weights(model), model.head("toy").owner
    one = weights_of(whole)
    reset(scatter(model), start, reports, 6)
    other = weights_of(whole)
    torch.manual_seed(12)
    again, _, _ = load(base, [toy(kind)], 6)
    assert weights_of(again.head("toy").owner) == other
    new = {name: whole.get_parameter(name) for name in reports[toy(kind).key]["new"]}
    drawn = {name for name, weight in new.items() if weight.unique().numel() > 1}
    assert drawn == {name for name in one if one[name] != other[name]} != set()


def test_a_head_starts_as_its_family_has_it(tmp_path):
    """ModernBERT gives its classifier a spread of its own, and pretraining the rest of the head."""
    base = checkpoint(tmp_path, "modernbert", hidden_size=256)
    model, _, reports = load(base, [toy("classification")], 5)
    assert reports["toy"] == {
        "carried": ["head.dense.weight", "head.norm.weight"],
        "new": ["classifier.bias", "classifier.weight"],
    }
    spread = 0.88 * 256**-0.5  # of a normal distribution that is cut off at twice its spread
    assert model.head("toy").classifier.weight.std().item() == pytest.approx(spread, rel=0.1)


# What a family's file says


def test_every_file_of_a_family_is_tested():
    assert known() == sorted(family.replace("-", "_") for family in TESTED)
    assert all(family_of(family).tested for family in TESTED)


@pytest.mark.parametrize("family", TESTED)
def test_a_family_says_what_transformers_classes_say(family):
    ours, config = family_of(family), CONFIG_MAPPING[family]
    forward = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[config].forward
    taken = "token_type_ids" in inspect.signature(forward).parameters
    assert ours.token_types == (taken and family != "gpt2")
    assert ours.multiple_choice == (config in MODEL_FOR_MULTIPLE_CHOICE_MAPPING)
    masked = config in MODEL_FOR_MASKED_LM_MAPPING
    assert ours.causal == (config in MODEL_FOR_CAUSAL_LM_MAPPING and not masked)
    assert (ours.walk is not None) == (family in WALKED)
    fields = vars(config_of(family, 340))
    assert set(ours.dropouts) <= fields.keys()
    unnamed = {name for name in fields if "drop" in name and name not in ours.dropouts}
    assert all("summary" in name for name in unnamed), "of a head that is not used here"


@pytest.mark.parametrize("family", sorted({*TESTED} - {"llama", "modernbert"}))
def test_a_family_says_where_positions_begin(family):
    """The first row that a padded forward looks up in the table of positions."""
    model = AutoModel.from_config(config_of(family, 340, position_biased_input=True))
    (table,) = (
        module
        for name, module in model.named_modules()
        if name.endswith(("position_embeddings", "wpe"))
    )
    seen = []
    table.register_forward_hook(lambda module, given, _: seen.append(given[0]))
    tokens = torch.full((1, 4), 7)
    model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
    assert seen[0].flatten()[0] == family_of(family).first_position(model.config)
