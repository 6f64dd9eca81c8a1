import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel, TopPLogitsWarper

from stilts.models import generation
from stilts.models.generation import nucleus, sample
from stilts.training.pretraining import pretrain
from tests.unit.training.test_pretraining import CLM, TEXTS

PROMPTS = [text[: 8 + 3 * i] for i, text in enumerate(TEXTS[:7])]
LENGTHS = [5, 1, 9, 4, 12, 3, 7]


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpt2")
    pretrain(CLM, TEXTS, folder, progress=False)
    return folder


def draw(gpt2, prompts=PROMPTS, lengths=LENGTHS, **settings):
    settings = {"seed": 42, "samples": 2, "progress": False} | settings
    return sample(gpt2, prompts, lengths, **settings)


def test_samples_do_not_depend_on_the_batch_size_or_the_company(gpt2):
    whole = draw(gpt2)
    assert [len(texts) for texts in whole] == [2] * 7
    assert draw(gpt2, batch=1) == whole
    assert draw(gpt2, batch=3) == whole
    assert draw(gpt2, PROMPTS[:3], LENGTHS[:3]) == whole[:3]


def test_samples_depend_on_the_seed_and_differ_from_each_other(gpt2):
    assert draw(gpt2, seed=43) != draw(gpt2)
    assert any(one != two for one, two in draw(gpt2))


def test_a_continuation_has_at_most_the_asked_tokens_and_is_stripped(gpt2, monkeypatch):
    seen = []

    def spy(model, prompts, uniform, *rest, **shape):
        rows = original(model, prompts, uniform, *rest, **shape)
        seen.extend((len(row), len(numbers)) for row, numbers in zip(rows, uniform, strict=True))
        return rows

    original = generation._continue
    monkeypatch.setattr(generation, "_continue", spy)
    texts = sum(draw(gpt2), [])
    assert sorted(asked for _, asked in seen) == sorted(LENGTHS * 2)
    assert all(got <= asked for got, asked in seen)
    assert any(got == asked for got, asked in seen)
    assert all(text == text.strip() and "<|endoftext|>" not in text for text in texts)


def test_greedy_sampling_equals_the_models_own_generation(gpt2):
    """A nucleus of nothing is the most likely token: the cache and padding must not matter."""
    tokenizer = AutoTokenizer.from_pretrained(gpt2)
    model = GPT2LMHeadModel.from_pretrained(gpt2).eval()
    for prompt, length, (text,) in zip(
        PROMPTS, LENGTHS, draw(gpt2, samples=1, top_p=1e-9), strict=True
    ):
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        start = ids.shape[1]
        for _ in range(length):
            with torch.no_grad():
                following = model(input_ids=ids).logits[0, -1].argmax()
            if following == tokenizer.eos_token_id:
                break
            ids = torch.cat([ids, following.view(1, 1)], dim=1)
        assert text == tokenizer.decode(ids[0, start:]).strip()


def test_a_continuation_ends_before_the_end_token(gpt2):
    model = GPT2LMHeadModel.from_pretrained(gpt2).eval()
    prompts, uniform = [[5, 6, 7], [8, 9]], [np.zeros(8), np.zeros(8)]
    with torch.inference_mode():
        never = model.config.vocab_size - 1
        free = generation._continue(model, prompts, uniform, never, top_p=0.9)
        end = free[0][3]
        cut = generation._continue(model, prompts, uniform, end, top_p=0.9)
    assert [len(row) for row in free] == [8, 8]
    for row, whole in zip(cut, free, strict=True):
        assert row == whole[: whole.index(end)] if end in whole else row == whole


def test_the_nucleus_by_hand():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()[None]
    drawn = [
        nucleus(logits, torch.tensor([u], dtype=torch.float64), top_p=0.9).item()
        for u in (0.0, 0.52, 0.53, 0.84, 0.85, 0.9999999)
    ]
    assert drawn == [0, 0, 1, 1, 2, 2], "0.5 and 0.8 of the kept 0.95 are the borders"
    last = torch.tensor([1 - 1e-17], dtype=torch.float64)
    assert nucleus(logits, last, top_p=0.5).item() == 0
    assert nucleus(logits, last, top_p=1.0).item() == 3


def test_temperature_sharpens_before_the_nucleus_is_cut():
    logits = torch.tensor([[2.0, 1.0, 0.0]])
    sharp = torch.softmax(logits / 0.5, dim=-1)[0, 0].item()
    before, after = torch.tensor([sharp - 1e-3]), torch.tensor([sharp + 1e-3])
    assert nucleus(logits, before, top_p=1.0, temperature=0.5).item() == 0
    assert nucleus(logits, after, top_p=1.0, temperature=0.5).item() == 1


def test_draws_follow_the_distribution_of_transformers_own_filter():
    torch.manual_seed(0)
    logits = torch.randn(1, 12)
    wanted = torch.softmax(TopPLogitsWarper(0.8)(None, logits), dim=-1)[0].double()
    uniform = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    drawn = nucleus(logits.expand(20_000, 12), uniform, top_p=0.8)
    shares = torch.bincount(drawn, minlength=12) / 20_000
    torch.testing.assert_close(shares.double(), wanted, atol=1e-4, rtol=0)


def test_misfits_are_refused(gpt2):
    with pytest.raises(ValueError, match="2 prompts but 1 lengths"):
        draw(gpt2, PROMPTS[:2], [3])
    with pytest.raises(ValueError, match="prompt 0 has .* the model holds 40: shorten it"):
        draw(gpt2, PROMPTS[:1], [40])


def test_random_numbers_of_a_prompt_are_its_own():
    """What `sample` relies on: numpy's seeding by (seed, i) gives unrelated streams."""
    streams = [np.random.default_rng([42, i]).random(1000) for i in range(3)]
    correlations = np.corrcoef(streams)[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 0.1


@pytest.mark.parametrize("spread", [0.1, 2.0, 5.0])
def test_looking_at_the_likeliest_tokens_first_changes_no_draw(spread, monkeypatch):
    """With ties at every rank, narrow and wide nuclei, and few enough candidates to fall short."""
    torch.manual_seed(1)
    logits = (torch.randn(200, 500) * spread).round(decimals=1)
    uniform = torch.rand(200, dtype=torch.float64)
    monkeypatch.setattr(generation, "CANDIDATES", 500)
    all_sorted = nucleus(logits, uniform, top_p=0.9)
    monkeypatch.setattr(generation, "CANDIDATES", 40)
    assert torch.equal(nucleus(logits, uniform, top_p=0.9), all_sorted)
