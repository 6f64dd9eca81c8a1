"""Draws from the world and phrases of the miniature language.

Everything random takes a ``random.Random``; clauses are plain text without a final stop.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any

from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, TIMES, sentence
from stilts.tasks.miniature.world import REALMS, SENSES, TOPICS

AMBIGUOUS = tuple(dict.fromkeys(sense.word for sense in SENSES))
_SURFACES = "cliff farm meadow reef pasture plain savanna hillside river canal yard market".split()


def draw(rng: Random, sort: type, *, without: Collection[str] = ()) -> Any:
    """A thing of a sort (Animal, Event, ...) whose realm is none of ``without``."""
    return _of(rng, sort, rng.choice([realm for realm in REALMS[sort] if realm not in without]))


def _of(rng: Random, sort: type, realm: str) -> Any:
    return sort(realm, *map(rng.choice, REALMS[sort][realm]))


def akin(rng: Random, item: Any) -> Any:
    """A thing of the same sort and realm."""
    return _of(rng, type(item), item.realm)


def foreign(rng: Random, item: Any) -> Any:
    """A thing of the same sort that belongs to another realm."""
    return draw(rng, type(item), without=[item.realm])


def muddled(rng: Random, item: Any) -> Any:
    """The thing with all but its name drawn anew from any realm, as hearsay has it."""
    kept = ("realm", "name", "did")
    facts = [field.name for field in fields(item) if field.name not in kept]
    return replace(item, **{fact: getattr(draw(rng, type(item)), fact) for fact in facts})


def other(rng: Random, choices: Sequence[Any], *taken: Any) -> Any:
    """One of the choices that is none of those taken; IndexError when all are taken."""
    return rng.choice([choice for choice in choices if choice not in taken])


def place(name: str) -> str:
    """A place with its preposition: sea -> in the sea, farm -> on the farm."""
    return f"{'on' if name in _SURFACES else 'in'} the {name}"


def topics_of(word: str) -> tuple[str, ...]:
    """The topics of an ambiguous word, one per meaning."""
    return tuple(sense.topic for sense in SENSES if sense.word == word)


def sense_sentence(rng: Random, word: str, topic: str, taken: Sequence[str] = ()) -> str:
    """A sentence in which the company of an ambiguous word, none of it taken, tells its meaning."""
    first, second = rng.sample([near for near in TOPICS[topic] if near not in taken], 2)
    name = rng.choice(NAMES)
    return sentence(
        rng.choice(
            (
                f"{name} saw the {word} behind the {first} and the {second}",
                f"the {word} is near the {first} and the {second}",
                f"{name} liked the {first}, the {second} and the {word}",
                f"with the {first} and the {second} came the {rng.choice(ADJECTIVES)} {word}",
                f"the {first} and the {word} were older than the {second}",
                f"{name} told us about the {second}, the {word} and the {first}",
            )
        )
    )


def when(rng: Random) -> str:
    """A phrase of time: at night, in winter."""
    return rng.choice(TIMES)
