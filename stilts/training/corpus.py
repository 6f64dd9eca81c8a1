"""From texts to what a stand-in is pretrained on: its tokenizer, blocks of token ids, masks."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import BertWordPieceTokenizer, ByteLevelBPETokenizer
from torch import Tensor
from transformers import (
    AutoTokenizer,
    BertTokenizer,
    ElectraTokenizer,
    GPT2Tokenizer,
    MobileBertTokenizer,
    RobertaTokenizer,
    SqueezeBertTokenizer,
)

from stilts.models.batch import IGNORED

# Families of byte-level BPE, with the special tokens that open their vocabulary.
TOKENIZERS = {
    "roberta": (RobertaTokenizer, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
    "gpt2": (GPT2Tokenizer, ["<|endoftext|>"]),
}
# Families of WordPiece on lower-cased text, as their uncased checkpoints have it.
WORD_PIECES = {
    "bert": BertTokenizer,
    "electra": ElectraTokenizer,
    "mobilebert": MobileBertTokenizer,
    "squeezebert": SqueezeBertTokenizer,
}
BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_tokenizer(spec: dict[str, Any], texts: Sequence[str]) -> Any:
    """Return the tokenizer of a recipe: loaded, or trained on `texts` as its family has it.

    That is a byte-level BPE or, on lower-cased text, WordPiece. Training is deterministic: the same
    texts give the same vocabulary and merges, byte for byte.
    """
    if "path" in spec["tokenizer"]:
        path = spec["tokenizer"]["path"]
        return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    if spec["family"] in WORD_PIECES:
        return _word_pieces(spec, texts)
    if "words" in spec["tokenizer"]["train"]:
        raise ValueError(f"'words' are of word pieces: family {spec['family']!r} has none")
    if spec["family"] not in TOKENIZERS:
        raise ValueError(
            f"no tokenizer can be trained for family {spec['family']!r} "
            f"(only {', '.join((*TOKENIZERS, *WORD_PIECES))}): give `tokenizer: {{path: folder}}`"
        )
    tokenizer_class, special = TOKENIZERS[spec["family"]]
    trained = ByteLevelBPETokenizer()
    size = spec["tokenizer"]["train"]["vocab_size"]
    trained.train_from_iterator(texts, size, special_tokens=special, show_progress=False)
    learnt = json.loads(trained.to_str())["model"]
    merges = [tuple(merge) for merge in learnt["merges"]]
    return tokenizer_class(
        vocab=learnt["vocab"], merges=merges, model_max_length=spec["max_tokens"]
    )


def _word_pieces(spec: dict[str, Any], texts: Sequence[str]) -> Any:
    """Return a WordPiece tokenizer trained on `texts`.

    The library's trainer counts pairs in hash order, so pieces of equal count may change places
    from one process to the next. So the words of `texts` and their letters are the vocabulary, by
    frequency, as far as `vocab_size` goes: what is rarer is spelt. The recipe's `words` come on top
    of that: they are whole though the texts may lack them.
    """
    splitter = BertWordPieceTokenizer(lowercase=True)
    counts: Counter[str] = Counter()
    for text in texts:
        normal = splitter.normalizer.normalize_str(text)
        counts.update(word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normal))
    letters = sorted({letter for word in counts for letter in word})
    pieces = [*BERT_SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    size = spec["tokenizer"]["train"]["vocab_size"]
    if size < len(pieces):
        raise ValueError(f"vocab_size {size} has no room for {len(pieces)} letters: ask for more")
    by_count = sorted(counts, key=lambda word: (-counts[word], word))
    words = [word for word in by_count if len(word) > 1][: size - len(pieces)]
    whole = dict.fromkeys([*pieces, *words, *spec["tokenizer"]["train"].get("words", ())])
    vocabulary = {piece: number for number, piece in enumerate(whole)}
    return WORD_PIECES[spec["family"]](vocab=vocabulary, model_max_length=spec["max_tokens"])


def lay_blocks(texts: Sequence[str], tokenizer: Any, spec: dict[str, Any]) -> Tensor:
    """Return the texts end to end, cut into int64 blocks [n, max_tokens]; the rest is dropped.

    An end-of-text token follows every text. Blocks of a masked model are framed by the first and
    last special token, which is the form its fine-tuning sequences will have.
    """
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    masked = spec["objective"] == "mlm"
    end = tokenizer.sep_token_id if masked else tokenizer.eos_token_id
    stream = np.concatenate([[*ids, end] for ids in encoded])
    width = spec["max_tokens"] - (2 if masked else 0)
    count = len(stream) // width
    if not count:
        raise ValueError(f"the corpus has {len(stream)} tokens, less than one block of {width}")
    blocks = torch.from_numpy(stream[: count * width].reshape(count, width)).long()
    if not masked:
        return blocks
    frame = blocks.new_tensor([[tokenizer.cls_token_id, end]]).expand(count, 2)
    return torch.cat([frame[:, :1], blocks, frame[:, 1:]], dim=1)


def lay_texts(texts: Sequence[str], tokenizer: Any, spec: dict[str, Any]) -> Tensor:
    """Return one text a row, int64 [n, longest], cut at max_tokens and padded on the right.

    Rows have the form of fine-tuning sequences, special tokens included. A text keeps its company:
    short texts that belong together are never split, and strangers never share a row.
    """
    if tokenizer.pad_token_id is None:
        raise ValueError("layout 'texts' pads, and this tokenizer has no padding token: use blocks")
    encoded = tokenizer(
        list(texts),
        truncation=True,
        max_length=spec["max_tokens"],
        padding="longest",
        padding_side="right",
        return_tensors="np",
        verbose=False,
    )
    return torch.from_numpy(encoded["input_ids"]).long()


LAYOUTS = {"blocks": lay_blocks, "texts": lay_texts}


def mask_tokens(
    blocks: Tensor, tokenizer: Any, generator: torch.Generator, share: float = 0.15
) -> tuple[Tensor, Tensor]:
    """Return inputs and labels of masked language modelling (Devlin et al. 2019), both [n, L].

    A share of the ordinary tokens is to be predicted; of these 80 % become the mask token, 10 % a
    random token and 10 % stay. Labels are IGNORED elsewhere.
    """
    special = torch.isin(blocks, torch.tensor(tokenizer.all_special_ids))
    chance = torch.rand(blocks.shape, generator=generator)
    fate = torch.rand(blocks.shape, generator=generator)
    random = torch.randint(len(tokenizer), blocks.shape, generator=generator)
    chosen = (chance < share) & ~special
    inputs = torch.where(chosen & (fate < 0.8), tokenizer.mask_token_id, blocks)
    inputs = torch.where(chosen & (fate >= 0.9), random, inputs)
    return inputs, torch.where(chosen, blocks, IGNORED)


def examples(
    blocks: Tensor, tokenizer: Any, spec: dict[str, Any], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return inputs and labels of the recipe's objective."""
    if spec["objective"] == "mlm":
        return mask_tokens(blocks, tokenizer, generator, spec.get("mask", 0.15))
    labels = torch.full_like(blocks, IGNORED)
    labels[:, :-1] = blocks[:, 1:]
    return blocks, labels
