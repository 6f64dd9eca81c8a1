"""The head for spans of a source against equations 5 to 11 of Keskar et al. 2019, and by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from stilts.models.batch import pack
from stilts.models.encoder import all_states
from stilts.models.head import pose
from stilts.models.heads.source_span import Head, find
from stilts.models.heads.span import NO_TOKEN
from stilts.models.load import load
from stilts.models.sources import ONE_SEPARATOR, TEMPLATE
from stilts.models.tokens import Decoding, Encoded, encode
from stilts.models.windows import Question
from stilts.question.recipe import complete
from stilts.tasks.confusion import NO_CLASS
from stilts.training.evaluation import predict
from stilts.training.graphs import fill
from stilts.training.loop import train
from stilts.training.steps import draw
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import (
    facts_of,
    pairs,
    spanned,
    tokenizer_of,
    weights_of,
)

CLASS, TEXT = pose(facts_of("class_span", "rte-span")), pose(facts_of("text_span", "squad-span"))
RECIPE = complete({"epochs": 1, "batch": 4, "max_tokens": 40, "lr": 1e-3, "seed": 3})
LENGTH = {"class_span": 40, "text_span": 24}
ALONE = Decoding("independent", 30, False)


def windows_for(family, kind="class_span", layout=ONE_SEPARATOR):
    return encode(spanned(kind, 12), kind, tokenizer_of(family), LENGTH[kind], 4, layout)


def softmax_over_source(scores, reach):
    """Equation 8: shares of the tokens 1, …, reach - 1, those of the source."""
    powers = [math.exp(score) for score in scores[1:reach]]
    return [0.0, *(power / sum(powers) for power in powers)]


@pytest.mark.parametrize("layout", [TEMPLATE, ONE_SEPARATOR])
@pytest.mark.parametrize("kind", ["class_span", "text_span"])
@pytest.mark.parametrize("family", ["bert", "roberta", "squeezebert"])
def test_the_loss_is_that_of_the_equations_token_by_token(family, kind, layout, folder):
    task = {"class_span": CLASS, "text_span": TEXT}[kind]
    model, _, _ = load(folder(family), [task], 0)
    windows = windows_for(family, kind, layout)
    head = model.head(task.name)
    total, held = 0.0, 0
    for place in range(len(windows)):
        alone = pack(windows, [place])
        with torch.no_grad():
            states = all_states(model.encoder, alone).double()
        first, last, reach = windows.labels[place]
        for side, gold in enumerate((first, last)):
            vector = head.qa_outputs.weight[side].detach().double()
            scores = [float(state @ vector) for state in states]  # no bias, as in the paper
            if gold:
                total -= math.log(softmax_over_source(scores, reach)[gold])
                held += 1
    batch = pack(windows, range(len(windows)))
    assert model.loss(batch, task.name).item() == pytest.approx(total, rel=1e-5)
    assert 0 < held <= 2 * len(windows)
    assert (held == 2 * len(windows)) is (kind == "class_span"), "some windows lack the answer"


def test_tokens_outside_the_source_have_no_share_and_no_gradient(folder):
    model, _, _ = load(folder("bert"), [CLASS], 0)
    windows = windows_for("bert")
    outputs = predict(model, windows, CLASS.name).reshape(len(windows), 2, -1)
    places = np.arange(outputs.shape[2])
    for place, (_, _, reach) in enumerate(windows.labels):
        inside = (places >= 1) & (places < reach)
        assert (outputs[place][:, ~inside] == NO_TOKEN).all()
        assert (np.abs(outputs[place][:, inside]) < 100).all()


def test_a_batch_that_is_filled_up_for_a_recording_has_the_same_loss(folder):
    model, _, _ = load(folder("bert"), [CLASS], 0)
    batch = pack(windows_for("bert"), range(5))
    filled = fill(batch)
    assert len(filled.labels) == len(batch.labels) + 1
    assert model.loss(filled, CLASS.name).item() == pytest.approx(
        model.loss(batch, CLASS.name).item(), rel=1e-5
    )


def test_a_window_without_its_answer_has_no_loss(folder):
    model, _, _ = load(folder("bert"), [TEXT], 0)
    windows = windows_for("bert", "text_span")
    empty = [n for n, label in enumerate(windows.labels) if not label[0]]
    assert empty and model.loss(pack(windows, empty), TEXT.name).item() == 0.0


def test_all_tasks_of_a_model_share_one_head(folder):
    model, _, reports = load(folder("bert"), [CLASS, TEXT], 0)
    assert model.head(CLASS.name) is model.head(TEXT.name)
    assert list(reports) == ["source_span"]


def test_the_linear_and_the_span_model_differ_in_the_head_alone(folder):
    linear = pose(facts_of("classification", "rte"))
    models = [load(folder("bert"), [task], 7)[0] for task in (linear, CLASS)]
    ours, theirs = (
        {
            name: value
            for name, value in weights_of(model.encoder).items()
            if not name.startswith("pooler")  # a part of the linear head
        }
        for model in models
    )
    assert ours == theirs and len(ours) > 20
    parents = pairs(12)
    encoded = encode(parents, "classification", tokenizer_of("bert"), 60)
    posed = encode(spanned("class_span", 12), "class_span", tokenizer_of("bert"), 60)
    assert encoded.ids == posed.ids and len(encoded) == len(posed)
    drawn = [
        [
            (window.parts[0][0].tolist(), window.parts[0][1])
            for window in draw({task: len(examples)}, RECIPE, torch.Generator().manual_seed(3))
        ]
        for task, examples in (("rte", encoded), ("rte-span", posed))
    ]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 3
    told = [row["label"] for row in parents]
    assert Head.references(posed).tolist() == encoded.labels.tolist() == told


def test_classes_as_spans_are_learnt(folder):
    model, _, _ = load(folder("roberta"), [CLASS], 0)
    tokenizer = tokenizer_of("roberta")  # that of BERT knows no word of a class
    told, asked = (
        encode(spanned("class_span", n, 2, n), "class_span", tokenizer, 60) for n in (300, 50)
    )
    recipe = {**RECIPE, "epochs": 20, "batch": 10, "lr": 3e-3, "warmup": 0.1}
    train(Workspace(model), {CLASS.name: told}, recipe)
    decided = replace(asked, decoding=ALONE)
    answers = Head.answer(predict(model, decided, CLASS.name), decided)
    assert (answers == Head.references(decided)).mean() >= 0.95


def sourced(context, words, labels, asked, choices=(), golds=("b",)):
    """Return windows of the words of a context: [CLS] words [SEP] ?, each with its own words."""
    ids, spans, lengths = [], [], []
    for name, chosen in zip(asked, words, strict=True):
        ids.append(name)
        places = [context.index(word) for word in chosen]
        own = [(start, start + len(word)) for start, word in zip(places, chosen, strict=True)]
        spans += [(-1, -1), *own, (-1, -1), (-1, -1)]
        lengths.append(len(chosen) + 3)
    lengths = np.array(lengths, np.int32)
    return Encoded(
        tokens=np.zeros(lengths.sum(), np.int32),
        types=None,
        lengths=lengths,
        labels=np.array(labels, np.int64),
        ids=tuple(ids),
        choices=1,
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
        spans=np.array(spans, np.int32),
        questions=tuple(Question(context, golds, choices) for _ in dict.fromkeys(asked)),
        decoding=ALONE,
    )


RTE = sourced(
    "so entailment or not?",
    [("so", "entailment", "or", "not", "?")],
    [(4, 4, 6)],
    ["q"],
    choices=("entailment", "not"),
    golds=("not",),
)


def one(first, last, encoded=RTE, **changes):
    rule = replace(encoded, decoding=encoded.decoding._replace(**changes))
    return Head.table(np.array([[*first, *last]], np.float32), rule)


def test_by_hand_each_end_is_the_highest_of_the_source_whatever_else_is_higher():
    told = one([9, 0, 0, 0, 5, 0, 9, 9], [9, 0, 0, 0, 5, 0, 9, 9])
    assert list(told["text"]) == ["not"] and told["prediction"].tolist() == [1]
    assert told["label"].tolist() == [1] and told["score"][0] == 10


def test_by_hand_an_answer_of_other_words_is_no_class():
    told = one([0, 0, 0, 5, 0, 0, 0, 0], [0, 0, 0, 0, 5, 0, 0, 0])
    assert list(told["text"]) == ["or not"] and told["prediction"].tolist() == [NO_CLASS]


def test_by_hand_punctuation_at_an_answer_changes_no_class():
    told = one([0, 0, 0, 0, 5, 0, 0, 0], [0, 0, 0, 0, 0, 5, 0, 0])
    assert list(told["text"]) == ["not?"] and told["prediction"].tolist() == [1]


def test_by_hand_ends_that_cross_name_nothing_unless_the_best_span_is_asked_for():
    crossed = {"first": [0, 0, 0, 0, 5, 0, 0, 0], "last": [0, 0, 4, 0, 3, 0, 0, 0]}
    told = one(**crossed)
    assert list(told["text"]) == [""] and told["prediction"].tolist() == [NO_CLASS]
    assert list(one(**crossed, decode="best_span")["text"]) == ["not"]


def test_tied_numbers_are_told_and_drawn():
    outputs = np.full((1, 16), NO_TOKEN, np.float32)
    outputs[0, 1:6] = outputs[0, 9:14] = 0.5
    assert Head.ties(outputs).tolist() == [True]
    outputs[0, 3] = outputs[0, 11] = 1.0
    assert Head.ties(outputs).tolist() == [False]
    many = replace(
        RTE,
        ids=tuple(map(str, range(200))),
        lengths=np.repeat(RTE.lengths, 200),
        labels=np.repeat(RTE.labels, 200, axis=0),
        spans=np.tile(RTE.spans, (200, 1)),
        questions=RTE.questions * 200,
    )
    answers = Head.answer(np.zeros((200, 16), np.float32), many)
    assert len(set(answers.tolist())) == 3, "each class, and none"


TWO = sourced(
    "a b c d",
    [("a", "b"), ("c", "d")],
    [(2, 2, 3), (0, 0, 3)],
    ["q", "q"],
)


def test_by_hand_the_window_with_the_highest_sum_answers_or_that_with_the_highest_share():
    width = 5
    outputs = np.full((2, 2, width), NO_TOKEN, np.float32)
    outputs[0, :, 1:3] = [[0, 3], [0, 3]]  # sum 6, shares 0.95 each
    outputs[1, :, 1:3] = [[5, 5.5], [5, 5.5]]  # sum 11, shares 0.62 each
    flat = outputs.reshape(2, -1)
    assert list(Head.answer(flat, TWO)) == ["d"]
    shared = replace(TWO, decoding=ALONE._replace(across="share"))
    assert list(Head.answer(flat, shared)) == ["b"]
    shares = 1 / (1 + math.exp(-3))
    assert find(flat, shared).scores[0] == pytest.approx(2 * math.log(shares), abs=1e-5)
    assert list(Head.references(TWO)) == [["b"]]


def test_by_hand_a_window_whose_ends_cross_gives_way_to_one_with_an_answer():
    outputs = np.full((2, 2, 5), NO_TOKEN, np.float32)
    outputs[0, :, 1:3] = [[0, 9], [9, 0]]
    outputs[1, :, 1:3] = [[1, 0], [1, 0]]
    assert list(Head.answer(outputs.reshape(2, -1), TWO)) == ["c"]
