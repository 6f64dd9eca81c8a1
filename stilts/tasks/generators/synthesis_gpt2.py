"""Synthesis_GPT2: which ending is Wikipedia's and which are GPT-2's (Chang and Lu 2021, 3.2).

The text half of it; drawing the samples is a language model's work. Sentences and their order
are those of run_gpt2_synth_dataset.py in github.com/terarachang/Rethinking_STILT.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from stilts.errors import UserError

_COUNT = {"type": "integer", "minimum": 1}
_FLAG = {"type": "boolean"}
# What each setting may be; those of sampling are the language model's.
SETTINGS = {
    "seed": {"type": "integer", "minimum": 0},
    "count": _COUNT,
    "validation": _COUNT,
    "min_words": _COUNT,
    "max_words": _COUNT,
    "drop_last_word": _FLAG,
    "gold_first": _FLAG,
    "drop_repeats": _FLAG,
    "drop_unanswerable": _FLAG,
    "tidy": _FLAG,
    "length_as": {"enum": ["alone", "in_text"]},
    "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "temperature": {"type": "number", "exclusiveMinimum": 0},
    "samples": _COUNT,
}
TIDY = (
    *((f" {mark}", mark) for mark in (".", "?", "!", ",")),
    (" ' ", "'"),
    *((f" {end}", end) for end in ("n't", "'m", "'s", "'ve", "'re")),
)


@dataclass(frozen=True)
class Prompt:
    """The first half of a sentence for a language model to end, and the real end."""

    id: str
    split: str
    premise: str
    gold: str


def compose(
    texts: Iterable[str],
    sample: Callable[..., list[list[str]]],
    *,
    seed: int,
    count: int,
    validation: int,
    drop_last_word: bool,
    gold_first: bool,
    drop_repeats: bool = True,
    tidy: bool = False,
    drop_unanswerable: bool = False,
    min_words: int = 20,
    max_words: int = 30,
    **sampling: Any,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Make the whole task: prompts, sampled endings, canonical rows by split.

    Returns:
        Rows by split, and what a reader has to know of how they came to be: `unanswerable`, the
        items of each split in which a sample equals the real ending, and whether they were
        `dropped`.

    Args:
        texts: paragraphs.
        sample: called with the prompts, `seed` and the `sampling` settings (such as `top_p`);
            returns the endings of each prompt. What else it may be told, such as how long the
            endings are, see `stilts.jobs.generate_synthesis.sampler`.
        seed: of the shuffle, the samples and the order of the options.
        count: see `prompts`.
        validation: see `prompts`.
        drop_repeats: a paragraph that stands in the corpus again counts once. The released code
            keeps all, and so shuffles another list.
        drop_last_word: see `halves`.
        gold_first: see `assemble`.
        tidy: all texts go through `tidied`, as in the released code, whose decoder does so.
        drop_unanswerable: leave out items in which a sample equals the real ending; the released
            code keeps them.
        min_words: see `halves`.
        max_words: see `halves`.
        sampling: settings of the language model.
    """
    pairs = halves(
        dict.fromkeys(texts) if drop_repeats else texts, drop_last_word, min_words, max_words
    )
    asked = prompts(pairs, seed=seed, count=count, validation=validation)
    drawn = sample(asked, seed=seed, **sampling)
    if tidy:
        drawn = [[tidied(ending) for ending in endings] for endings in drawn]
        asked = [
            replace(prompt, premise=tidied(prompt.premise), gold=tidied(prompt.gold))
            for prompt in asked
        ]
    rows = assemble(asked, drawn, gold_first=gold_first, seed=seed)
    splits: dict[str, list[dict[str, Any]]] = {"train": [], "validation": []}
    unanswerable = dict.fromkeys(splits, 0)
    for prompt, row in zip(asked, rows, strict=True):
        unclear = not answerable(row)
        unanswerable[prompt.split] += unclear
        if not (unclear and drop_unanswerable):
            splits[prompt.split].append(row)
    return splits, {"unanswerable": unanswerable, "dropped": drop_unanswerable}


def answerable(row: Mapping[str, Any]) -> bool:
    """Tell whether only one option of a row is the real ending, case and outer blanks apart."""
    options = [option.strip().lower() for option in row["options"]]
    return options.count(options[row["label"]]) == 1


def tidied(text: str) -> str:
    """Return a text without the spaces that tokenisers of old put before punctuation.

    The same as `clean_up_tokenization` of transformers, which its version 4 did to what it decoded.
    """
    for untidy, tidy in TIDY:
        text = text.replace(untidy, tidy)
    return text


def halves(
    texts: Iterable[str], drop_last_word: bool, min_words: int, max_words: int
) -> list[tuple[str, str]]:
    """Cut every sentence that is long enough in two halves.

    Args:
        texts: paragraphs. A sentence ends at ". ".
        drop_last_word: of the gold ending, as the released code does; the paper says that the
            whole last half becomes the positive choice.
        min_words: sentences with fewer words (between spaces) are left out.
        max_words: only so many words of a sentence are used.
    """
    if not 4 <= min_words <= max_words:
        raise UserError(f"synthesis_gpt2: min_words {min_words} must be from 4 to {max_words}")
    pairs = []
    for text in texts:
        for sentence in text.split(". "):
            words = sentence.split()[:max_words]
            if len(words) >= min_words:
                half, end = len(words) // 2, -1 if drop_last_word else len(words)
                pairs.append((" ".join(words[:half]), " ".join(words[half:end])))
    return pairs


def prompts(
    pairs: Sequence[tuple[str, str]], *, seed: int, count: int, validation: int
) -> list[Prompt]:
    """Draw prompts for training and validation.

    Args:
        pairs: premise and gold ending, in the order of the corpus.
        seed: of the shuffle, in which `random` seeded alike leaves the released code's list.
        count: for training: the first of the shuffled ones.
        validation: held out: those that follow and are not in training. The paper tells of none.
            Where the corpus has fewer pairs than both ask for, both shrink in proportion.

    Raises:
        UserError: the corpus has too few sentences.
    """
    drawn = list(pairs)
    Random(seed).shuffle(drawn)
    short = len(drawn) < count + validation
    kept = round(len(drawn) * count / (count + validation)) if short else count
    train = drawn[:kept]
    known = set(train)
    held_out = [pair for pair in drawn[kept:] if pair not in known][:validation]
    if not train or (validation and not held_out):
        raise UserError(
            f"synthesis_gpt2: {len(drawn)} sentences are long enough, too few for {count} training"
            f" and {validation} validation examples: give the corpus more text"
        )
    return [
        Prompt(f"{number}", split, *pair)
        for split, part in (("train", train), ("validation", held_out))
        for number, pair in enumerate(part)
    ]


def assemble(
    asked: Sequence[Prompt], samples: Sequence[Sequence[str]], *, gold_first: bool, seed: int
) -> list[dict[str, Any]]:
    """Put the real ending among the sampled ones.

    Args:
        asked: the prompts.
        samples: the sampled endings of each prompt, equally many for all.
        gold_first: the real ending is always option 0, as in the released code (a model that
            ties all options then scores 100 %); otherwise the options are shuffled.
        seed: with a prompt's split and id it fixes the order of its options.

    Returns:
        Canonical multiple-choice rows in the order of the prompts.

    Raises:
        ValueError: prompts without samples, or rows of unequal numbers of samples.
    """
    if len(asked) != len(samples) or len({len(endings) for endings in samples}) > 1:
        raise ValueError(
            f"{len(asked)} prompts need equally many samples each, got {samples!r:.80}"
        )
    rows = []
    for prompt, endings in zip(asked, samples, strict=True):
        order = list(range(len(endings) + 1))
        if not gold_first:
            Random(f"{seed}/{prompt.split}/{prompt.id}").shuffle(order)
        options = [prompt.gold, *endings]
        rows.append(
            {
                "id": prompt.id,
                "first": [prompt.premise],
                "prefix": "",
                "options": [options[place] for place in order],
                "suffix": "",
                "label": order.index(0),
            }
        )
    return rows
