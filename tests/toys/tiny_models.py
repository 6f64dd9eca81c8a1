"""Tiny random models, tokenizers and rows for the tests of the engine."""

import random

import numpy as np
import torch
from tokenizers.processors import TemplateProcessing
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    BertTokenizer,
    PreTrainedTokenizerFast,
)

from stilts.models.head import pose
from stilts.models.model import Model
from stilts.models.save import save_library
from stilts.models.tokens import Encoded
from stilts.tasks.generators import as_span
from stilts.training.corpus import make_tokenizer
from stilts.training.evaluation import ScoredSplit

WORDS = "the a cat dog bird sees hears likes one old young red house tree and not or very".split()
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
SHAPE |= {"intermediate_size": 48, "max_position_embeddings": 72}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
DISENTANGLED = {"pad_token_id": 0, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]}
DISENTANGLED |= {"position_biased_input": False, "type_vocab_size": 0, "pooler_hidden_size": 32}
FAMILIES = {
    "roberta": {"pad_token_id": 1},
    "bert": {"pad_token_id": 0},
    "electra": {"pad_token_id": 0, "embedding_size": 16, "summary_last_dropout": 0.0},
    "mobilebert": {"pad_token_id": 0, "embedding_size": 16, "intra_bottleneck_size": 32},
    "squeezebert": {"pad_token_id": 0, "embedding_size": 32},
    "xlm-roberta": {"pad_token_id": 1},
    "distilbert": {"pad_token_id": 0, "hidden_dim": 48, "sinusoidal_pos_embds": False},
    "albert": {"pad_token_id": 0, "embedding_size": 16, "num_hidden_layers": 4}
    | {"num_hidden_groups": 2, "inner_group_num": 2, "classifier_dropout_prob": 0.0},
    "mpnet": {"pad_token_id": 1},
    "deberta": DISENTANGLED,
    "deberta-v2": DISENTANGLED
    | {"position_buckets": 8, "share_att_key": True, "norm_rel_ebd": "layer_norm"},
    "modernbert": {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2}
    | {"eos_token_id": 3, "local_attention": 4, "global_attn_every_n_layers": 2},
    "gpt2": {"bos_token_id": 0, "eos_token_id": 0},
    "llama": {"bos_token_id": 0, "eos_token_id": 0, "num_key_value_heads": 1},
    "camembert": {"pad_token_id": 1},
    "qwen2": {"bos_token_id": 0, "eos_token_id": 0, "num_key_value_heads": 1},
    "fnet": {"pad_token_id": 0},
}
CAUSAL = ("gpt2", "llama", "qwen2")
WITHOUT_FILE = ("camembert", "qwen2", "fnet")
TESTED = tuple(family for family in FAMILIES if family not in WITHOUT_FILE)


def sentence(rng, low=2, high=9):
    return " ".join(rng.choices(WORDS, k=rng.randint(low, high)))


def pairs(count, classes=2, seed=0):
    """Return classification rows; the second text opens with a word that gives the label away."""
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        first, second = sentence(rng), f"{WORDS[-1 - i % classes]} {sentence(rng)}"
        rows.append({"id": f"p{i}", "first": [first], "second": [second], "label": i % classes})
    return rows


def questions(count, options=3, seed=0):
    """Return multiple-choice rows; a question mark gives the right option away."""
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        texts = [sentence(rng, 1, 6) for _ in range(options)]
        texts[i % options] = f"? {texts[i % options]}"
        rows.append({"id": f"q{i}", "first": [sentence(rng)], "label": i % options})
        rows[-1] |= {"prefix": "so ", "options": texts, "suffix": " now"}
    return rows


def passages(count, seed=0):
    """Return questions on a text; the words after "very" answer, if it has any."""
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        before, answer, after = sentence(rng, 2, 12), sentence(rng, 1, 3), sentence(rng, 2, 12)
        before, answer, after = (text.replace("very", "so") for text in (before, answer, after))
        told = i % 3 > 0
        mark = "very" if told else "so"
        context = f"{before} {mark} {answer} {after}"
        starts = [len(f"{before} {mark} ")] if told else []
        row = {"id": f"w{i}", "question": sentence(rng, 1, 3), "context": context}
        rows.append(row | {"answers": [answer] if told else [], "starts": starts})
    return rows


def spanned(kind, count, classes=2, seed=0):
    """Return rows of a kind of spans in a source, made from those above."""
    labels = [f"c{number}" for number in range(classes)]
    parents = passages(count, seed) if kind == "text_span" else pairs(count, classes, seed)
    return as_span.derive(parents, task={"name": "t", "labels": labels, "unanswerable": True})


def tokenizer_of(family):
    """Return a tokenizer whose padding is that of the family's tiny config."""
    if family in CAUSAL:
        return _start_with_end(_trained("gpt2")) if family == "llama" else _trained("gpt2")
    if FAMILIES.get(family, {}).get("pad_token_id") == 1:
        return _trained("roberta")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *WORDS, "so", "now", "?"]
    return BertTokenizer(vocab={word: i for i, word in enumerate(words)}, model_max_length=64)


def _trained(family):
    rng = random.Random(1)
    texts = [sentence(rng) for _ in range(60)]
    spec = {"family": family, "tokenizer": {"train": {"vocab_size": 330}}, "max_tokens": 64}
    return make_tokenizer(spec, texts)


def _start_with_end(tokenizer):
    """Return a tokenizer that opens every text with a special token, as Llama's does."""
    end, number = tokenizer.eos_token, tokenizer.eos_token_id
    backend = tokenizer.backend_tokenizer
    backend.post_processor = TemplateProcessing(single=f"{end} $A", special_tokens=[(end, number)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token=end, eos_token=end, model_max_length=64
    )


def config_of(family, vocab_size, **changes):
    settings = SHAPE | FAMILIES[family] | {"vocab_size": vocab_size} | changes
    return AutoConfig.for_model(family, **settings)


def checkpoint(folder, family="roberta", head=None, **changes):
    """Write a pretrained model of random weights with its tokenizer; return the folder.

    head: an Auto class of transformers; by default that of the family's language model.
    """
    tokenizer = tokenizer_of(family)
    torch.manual_seed(0)
    head = head or (AutoModelForCausalLM if family in CAUSAL else AutoModelForMaskedLM)
    model = head.from_config(config_of(family, len(tokenizer), **changes))
    save_library(model, tokenizer, folder)
    return folder


def facts_of(kind="classification", name="toy", classes=2):
    """Return what a job is told of a task; `regression` and `similarity` have numbers, 0 to 5."""
    task = {"name": name, "kind": kind, "labels": [], "range": None, "metric": "accuracy"}
    if kind in ("regression", "similarity"):
        form = "pair" if kind == "similarity" else "classification"
        task |= {"kind": form, "range": [0, 5], "metric": "pearson"}
    else:
        task["labels"] = [f"c{number}" for number in range(classes)]
    if kind in ("span", "text_span"):
        task |= {"labels": [], "metric": "exact_match", "unanswerable": True}
    return task | {"scored": ["validation"]}


def scatter(model):
    """Move every weight a little way from where its family starts it, so that each one counts."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.25 * torch.randn_like(parameter))
    return model


def fresh(family, kind, num_labels=3, **changes):
    """Return a random model that answers the task `toy`, without touching a disk."""
    return several(family, {"toy": kind}, num_labels, **changes)


def several(family, kinds, num_labels=3, **changes):
    """Return a random model that answers tasks, name -> kind, without touching a disk."""
    tasks = [pose(facts_of(kind, name, num_labels)) for name, kind in kinds.items()]
    owners, heads = {}, {}
    for task in tasks:
        width = task.plugin.width(task.facts)
        form = {"num_labels": width, "problem_type": task.plugin.PROBLEM}
        config = config_of(family, 340, **form | changes)
        torch.manual_seed(0)
        owners.setdefault(task.key, task.plugin.auto(config).from_config(config))
    pooled = [owner for owner in owners.values() if getattr(owner.base_model, "pooler", None)]
    encoder = next(iter(pooled or owners.values())).base_model
    for task in tasks:
        owner = owners[task.key]
        heads.setdefault(task.key, task.plugin(owner))
        setattr(owner, owner.base_model_prefix, encoder)
    return Model(encoder, heads, {task.name: task.key for task in tasks}, {})


def random_encoded(examples=6, choices=1, seed=0, vocabulary=40, classes=3):
    """Return an Encoded of random ids, lengths 3 to 15; without classes its labels are numbers."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 16, examples * choices).astype(np.int32)
    tokens = rng.integers(5, vocabulary, lengths.sum()).astype(np.int32)
    types, answers = rng.integers(0, 2, lengths.sum()), choices if choices > 1 else classes
    return Encoded(
        tokens=tokens,
        types=types,
        lengths=lengths,
        labels=rng.integers(0, answers, examples) if answers else rng.uniform(0, 5, examples),
        ids=tuple(map(str, range(examples))),
        choices=choices,
        offsets=np.cumsum(lengths, dtype=np.int64) - lengths,
    )


def split_of(encoded, task="toy", metrics=("accuracy",), split="validation"):
    """Return examples as a split that a model is scored on."""
    return ScoredSplit(task, split, encoded, tuple(metrics))


def weights_of(module):
    """Return the bytes of every parameter, by name."""
    return {name: part.detach().numpy().tobytes() for name, part in module.named_parameters()}
