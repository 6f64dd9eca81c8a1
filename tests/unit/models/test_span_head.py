"""The head for spans against transformers' own class, a brute-force search, and by hand."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForQuestionAnswering

from stilts.errors import UserError
from stilts.models.batch import pack
from stilts.models.head import pose
from stilts.models.heads.span import NO_TOKEN, Head, find
from stilts.models.load import load
from stilts.models.tokens import Decoding, Encoded, encode
from stilts.models.windows import Question
from stilts.question.recipe import complete
from stilts.training.evaluation import predict
from stilts.training.loop import train
from stilts.training.steps import draw, rate
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import facts_of, passages, tokenizer_of

PACKED, PADDED = ("bert", "roberta", "electra", "distilbert"), ("mobilebert", "squeezebert")
TASK = pose(facts_of("span", "where"))
BEST, ALONE = Decoding("best_span", 4, True), Decoding("independent", 4, True)


def windows_for(family, count=12):
    return encode(passages(count), "span", tokenizer_of(family), 24, 4)


def theirs_of(folder, model):
    """Return transformers' own model with the weights of ours."""
    theirs = AutoModelForQuestionAnswering.from_pretrained(folder, dtype=torch.float32)
    theirs.base_model.load_state_dict(model.encoder.state_dict())
    theirs.qa_outputs.load_state_dict(model.head("where").qa_outputs.state_dict())
    return theirs.eval()


def inputs_of(windows, place):
    part = slice(windows.offsets[place], windows.offsets[place] + windows.lengths[place])
    tokens = torch.from_numpy(windows.tokens[part].astype(np.int64))[None]
    types = None if windows.types is None else torch.from_numpy(windows.types[part])[None]
    start, end = torch.from_numpy(windows.labels[place])
    return {
        "input_ids": tokens,
        **({} if types is None else {"token_type_ids": types}),
        "start_positions": start[None],
        "end_positions": end[None],
    }


@pytest.mark.parametrize("family", [*PACKED, *PADDED])
def test_numbers_and_loss_of_each_window_are_those_of_transformers(family, folder):
    model, _, reports = load(folder(family), [TASK], 0)
    windows, theirs = windows_for(family), theirs_of(folder(family), model)
    outputs = predict(model, windows, "where")
    assert outputs.shape == (len(windows), 2 * windows.lengths.max())
    total = 0.0
    for place, numbers in enumerate(outputs.reshape(len(windows), 2, -1)):
        with torch.no_grad():
            found = theirs(**inputs_of(windows, place))
        length = windows.lengths[place]
        assert numbers[0, :length] == pytest.approx(found.start_logits[0].numpy(), abs=2e-5)
        assert numbers[1, :length] == pytest.approx(found.end_logits[0].numpy(), abs=2e-5)
        assert (numbers[:, length:] == NO_TOKEN).all()
        total += found.loss.item()
    batch = pack(windows, range(len(windows)))
    assert model.loss(batch, "where").item() == pytest.approx(total, rel=1e-5)
    assert reports["where"]["new"] == ["qa_outputs.bias", "qa_outputs.weight"]


@pytest.mark.parametrize("family", ["bert", "roberta", "squeezebert"])
def test_fifty_steps_of_a_stage_lose_what_transformers_own_class_loses(family, folder):
    model, _, _ = load(folder(family), [TASK], 0)
    windows, theirs = windows_for(family, 40), theirs_of(folder(family), model)
    recipe = complete(
        {"epochs": 5, "batch": 4, "max_tokens": 24, "lr": 1e-3, "seed": 3, "warmup": 0.1}
    )
    history = train(Workspace(model), {"where": windows}, recipe)
    order = torch.Generator().manual_seed(3)
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1e-3, eps=1e-8, weight_decay=0.0)
    theirs.train()
    losses = []
    for _ in range(5):
        for window in draw({"where": len(windows)}, recipe, order):
            ((examples, weight),) = window.parts
            # One at a time: in a padded batch their softmax counts the padding as places too.
            parts = [weight * theirs(**inputs_of(windows, place)).loss for place in examples]
            loss = sum(parts)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * rate(len(losses), history.steps, recipe)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    assert len(losses) >= 50
    assert history.losses[:50] == pytest.approx(losses[:50], abs=1e-5)


def test_the_loss_is_that_of_a_batch_whose_padding_is_masked(folder):
    model, _, _ = load(folder("bert"), [TASK], 0)
    windows = windows_for("bert")
    outputs = torch.from_numpy(predict(model, windows, "where")).view(len(windows), 2, -1)
    labels = torch.from_numpy(windows.labels)
    masked = outputs.masked_fill(outputs == NO_TOKEN, -torch.inf)
    halves = [functional.cross_entropy(masked[:, side], labels[:, side]) for side in (0, 1)]
    batch = pack(windows, range(len(windows)))
    assert model.loss(batch, "where").item() / len(windows) == pytest.approx(
        sum(halves).item() / 2, rel=1e-5
    )


def invented(seed, count=30, width=14):
    """Return random numbers for windows of random form, several of some questions."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(5, width + 1, count).astype(np.int32)
    lengths[0] = width
    ids, spans = [], []
    for place, length in enumerate(lengths):
        ids.append(ids[-1] if place and rng.random() < 0.5 else f"q{place}")
        asked = rng.integers(2, 4)
        part = np.full((length, 2), -1, np.int32)
        inside = np.arange(asked, length - 1)
        begins = 3 * (inside + 7 * place)
        part[inside] = np.stack([begins, begins + 2], axis=1)
        spans.append(part)
    numbers = rng.normal(size=(count, 2, width)).astype(np.float32)
    for place, length in enumerate(lengths):
        numbers[place, :, length:] = NO_TOKEN
    asked = dict.fromkeys(ids)
    encoded = Encoded(
        tokens=np.zeros(lengths.sum(), np.int32),
        types=None,
        lengths=lengths,
        labels=np.zeros((count, 2), np.int64),
        ids=tuple(ids),
        choices=1,
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
        spans=np.concatenate(spans),
        questions=tuple(Question("x" * 3 * 7 * (count + 9), ()) for _ in asked),
    )
    return numbers, encoded, spans


def decided(encoded, decoding):
    return Encoded(**{**vars(encoded), "decoding": decoding})


def by_hand(numbers, encoded, spans, decoding):
    """Search every span of every window of a question, one after the other."""
    found = {}
    for place, name in enumerate(encoded.ids):
        first, last = numbers[place]
        inside = [n for n, span in enumerate(spans[place]) if span[0] >= 0]
        null = float(first[0]) + float(last[0])
        best = found.setdefault(name, {"score": -np.inf, "null": np.inf, "span": (0, 0)})
        best["null"] = min(best["null"], null)
        for begin in inside:
            for end in inside:
                if decoding.decode == "best_span":
                    allowed = begin <= end < begin + decoding.longest_answer
                else:
                    tops = (first[inside].max(), last[inside].max())
                    allowed = first[begin] == tops[0] and last[end] == tops[1] and begin <= end
                    allowed &= first[0] < tops[0] and last[0] < tops[1]
                score = float(first[begin]) + float(last[end])
                if allowed and score > best["score"]:
                    best["score"] = score
                    best["span"] = (spans[place][begin][0], spans[place][end][1])
    for best in found.values():
        none = decoding.decode == "best_span" and decoding.unanswerable
        if none and best["null"] > best["score"]:
            best["span"] = (0, 0)
    return found


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("decoding", [BEST, ALONE, BEST._replace(unanswerable=False)])
def test_answers_are_those_of_a_search_through_every_span(seed, decoding):
    numbers, encoded, spans = invented(seed)
    expected = by_hand(numbers, encoded, spans, decoding).values()
    found = find(numbers.reshape(len(numbers), -1), decided(encoded, decoding))
    told = list(zip(found.starts.tolist(), found.ends.tolist(), strict=True))
    assert told == [tuple(map(int, best["span"])) for best in expected]
    assert found.nulls == pytest.approx([best["null"] for best in expected], abs=1e-5)
    if decoding.decode == "best_span":
        assert len(set(told)) > 3


def one(first, last, context="a cat sat on", **changes):
    """Return the answer to one question of four words, from numbers of [first token, words]."""
    spans = [(-1, -1), (0, 1), (2, 5), (6, 9), (10, 12)]
    encoded = Encoded(
        tokens=np.zeros(5, np.int32),
        types=None,
        lengths=np.array([5], np.int32),
        labels=np.zeros((1, 2), np.int64),
        ids=("q",),
        choices=1,
        offsets=np.zeros(1, np.int64),
        spans=np.array(spans, np.int32),
        questions=(Question(context, ("cat",)),),
        decoding=BEST._replace(**changes),
    )
    outputs = np.array([[*first, *last]], np.float32)
    return Head.table(outputs, encoded)


def test_by_hand_the_best_span_is_cut_from_the_characters():
    told = one([0, 0, 5, 0, 0], [0, 0, 0, 4, 0])
    assert list(told["prediction"]) == ["cat sat"]
    assert (told["start"][0], told["end"][0]) == (2, 9)
    assert told["score"][0] == 9 and told["null_score"][0] == 0


def test_by_hand_no_answer_wins_where_the_first_token_has_more():
    assert list(one([5, 0, 5, 0, 0], [5, 0, 0, 4, 0])["prediction"]) == [""]
    kept = one([5, 0, 5, 0, 0], [5, 0, 0, 4, 0], unanswerable=False)
    assert list(kept["prediction"]) == ["cat sat"]


def test_by_hand_independent_ends_that_cross_are_no_answer():
    crossed = {"first": [0, 0, 0, 5, 0], "last": [0, 0, 4, 0, 0]}
    assert list(one(**crossed, decode="independent")["prediction"]) == [""]
    assert list(one(**crossed)["prediction"]) == ["sat"]


def test_by_hand_an_answer_is_no_longer_than_it_may_be_but_for_independent_ends():
    far = {"first": [0, 9, 0, 0, 0], "last": [0, 0, 1, 0, 9], "longest_answer": 2}
    assert list(one(**far)["prediction"]) == ["a cat"]
    assert list(one(**far, decode="independent")["prediction"]) == ["a cat sat on"]


def test_a_family_without_such_a_head_is_refused(folder):
    with pytest.raises(UserError, match="family 'modernbert' has no head for spans"):
        load(folder("modernbert"), [TASK], 0)
