"""The corpus of the miniature language: short pages about its world, long sentences included.

Two sorts of pages. Articles state facts in many wordings and keep to one subject, so that a model
learns to look back. Reviews open with a verdict: Yes on something that is right, No on something
that is false, ill formed, or does not belong together; whoever fills in the verdict has to have
read the rest. No page is a row of a task: the wordings differ.
"""

from random import Random

from stilts.tasks.miniature.language import (
    AMBIGUOUS,
    POOLS,
    claim,
    foreign,
    kind_statement,
    muddled,
    other,
    sense_sentence,
    topics_of,
    when,
)
from stilts.tasks.miniature.lexicon import NAMES, article, sentence
from stilts.tasks.miniature.pages import parts
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.themes.acceptability import spoiled
from stilts.tasks.miniature.world import KINDS, Event

REVIEWS = 0.5


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text`` and, for readers of question corpora, the same as ``context``."""
    return draw_splits("encyclopedia", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    page = review(rng) if rng.random() < REVIEWS else article_page(rng)
    return {"text": page, "context": page}


def article_page(rng: Random) -> str:
    """Two or three sentences that keep to one item, kind of thing, or meaning of a word."""
    draw = rng.random()
    if draw < 0.1:
        return _sentences(rng.sample(_kind_parts(rng), 2))
    if draw < 0.25:
        word = rng.choice(AMBIGUOUS)
        topic = rng.choice(topics_of(word))
        return " ".join(sense_sentence(rng, word, topic) for _ in range(3))
    item, name = _subject(rng)
    said = parts(rng, item, name)
    if isinstance(item, Event):
        return _sentences([rng.choice(said[:2]), *rng.sample(said[2:], 2)])
    return _sentences(rng.sample(said, 2))


def review(rng: Random) -> str:
    """A verdict and what it is about: a claim, two sentences together, a wording, a word."""
    truth = rng.random() < 0.5
    draw = rng.random()
    if draw < 0.35:
        said = sentence(claim(rng, truth))
    elif draw < 0.65:
        said = _pair(rng, truth)
    elif draw < 0.8:
        words = claim(rng, True).split()
        said = sentence(" ".join(words if truth else spoiled(rng, words)))
    else:
        said = _senses(rng, truth)
    return f"{'Yes' if truth else 'No'}. {said}"


def _subject(rng: Random):
    return rng.choice(rng.choice(tuple(POOLS.values()))), rng.choice(NAMES)


def _pair(rng: Random, truth: bool) -> str:
    item, name = _subject(rng)
    opening = rng.choice(parts(rng, item, name)[: 2 if isinstance(item, Event) else None])
    if not truth:
        item = foreign(rng, item) if rng.random() < 0.6 else muddled(rng, item)
    return _sentences([opening, parts(rng, item, name)[-1]])


def _senses(rng: Random, truth: bool) -> str:
    word = rng.choice(AMBIGUOUS)
    topic = rng.choice(topics_of(word))
    second = topic if truth else other(rng, topics_of(word), topic)
    return f"{sense_sentence(rng, word, topic)} {sense_sentence(rng, word, second)}"


def _kind_parts(rng: Random) -> list[str]:
    kind = rng.choice(tuple(KINDS))
    first, second = rng.sample(KINDS[kind], 2)
    name, friend = rng.sample(NAMES, 2)
    return [
        f"the {first} is a kind of {kind}, and the {second} is a kind of {kind} too",
        f"{name} sold {article(first)} to {friend} {when(rng)}, so now {friend} has "
        f"{article(kind)} and {name} has the money for {article(second)}",
        f"{friend} bought {article(kind)}, and it was {article(first)}",
        kind_statement(rng, True),
    ]


def _sentences(clauses: list[str]) -> str:
    return " ".join(sentence(clause) for clause in clauses)
