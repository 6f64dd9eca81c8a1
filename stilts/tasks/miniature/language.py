"""Phrases of the miniature language: clauses about the facts of the world, true or false.

Everything random takes a ``random.Random``; clauses are plain text without a final stop, so that
the tasks and the corpus say the same things in the same words.
"""

from dataclasses import replace
from random import Random

from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, TIMES, VERBS, article, sentence
from stilts.tasks.miniature.world import (
    ANIMALS,
    DISEASES,
    EVENTS,
    KINDS,
    SENSES,
    TOPICS,
    WORKERS,
    Animal,
    Disease,
    Event,
    Worker,
)

HOMES = tuple(dict.fromkeys(animal.home for animal in ANIMALS))
AMBIGUOUS = tuple(dict.fromkeys(sense.word for sense in SENSES))
SURFACES = {name: f"on the {name}" for name in ("cliff", "farm", "stage", "meadow")}
POOLS = {Animal: ANIMALS, Worker: WORKERS, Disease: DISEASES, Event: EVENTS}
FACTS = {
    Animal: ("home", "food", "kind", "motion"),
    Worker: ("place", "tool", "product", "kind"),
    Disease: ("symptoms", "realm", "drug"),
    Event: ("feeling", "next", "before"),
}


def place(name: str) -> str:
    """A place with its preposition: sea -> in the sea, farm -> on the farm."""
    return SURFACES.get(name, f"in the {name}")


def other(rng: Random, choices, *taken):
    """One of the choices that is none of those taken; IndexError when all are taken."""
    return rng.choice([choice for choice in choices if choice not in taken])


def foreign(rng: Random, item):
    """Another item of the same table that belongs to another realm."""
    return rng.choice([other for other in POOLS[type(item)] if other.realm != item.realm])


def muddled(rng: Random, item):
    """The item with something false said of it: one fact is that of another realm."""
    field = rng.choice(FACTS[type(item)])
    return replace(item, **{field: getattr(foreign(rng, item), field)})


def animal_clauses(animal: Animal) -> tuple[str, ...]:
    """What can be said of an animal: where it lives, what it is, what it eats."""
    return (
        f"the {animal.name} lives {place(animal.home)}",
        f"the {animal.name} {VERBS[animal.motion].third} {place(animal.home)}",
        f"the {animal.name} eats {animal.food}",
        f"the {animal.name} is {article(animal.kind)}",
        f"the {animal.name} is {article(animal.kind)} that eats {animal.food}",
        f"the {animal.kind} that lives {place(animal.home)} is {article(animal.name)}",
    )


def worker_clauses(worker: Worker) -> tuple[str, ...]:
    """What can be said of a worker: where, with what and on what the work is done."""
    makes = f"{VERBS[worker.verb].third} {worker.product}"
    return (
        f"the {worker.name} works {place(worker.place)}",
        f"the {worker.name} is {article(worker.kind)} with {article(worker.tool)}",
        f"the {worker.name} {makes}",
        f"the {worker.name} uses the {worker.tool} {place(worker.place)}",
        f"the {worker.name} {makes} with the {worker.tool}",
    )


def disease_clauses(disease: Disease) -> tuple[str, ...]:
    """What can be said of a disease: its signs, the organ it attacks, the drug against it."""
    signs = (f"{symptom} is a sign of {disease.name}" for symptom in disease.symptoms)
    return (
        *signs,
        f"{disease.name} attacks the {disease.realm}",
        f"{disease.drug} helps against {disease.name}",
    )


def event_clauses(event: Event, name: str) -> tuple[str, ...]:
    """What can be said of an event: how it felt, what was wanted next and needed before."""
    return (
        f"{name} {event.happened} and felt {event.feeling}",
        f"{name} {event.happened} and wanted to {event.next}",
        f"{name} {event.happened} but had to {event.before} first",
    )


def clauses(item, name: str = NAMES[0]) -> tuple[str, ...]:
    """All clauses about an item of the world; ``name`` is the person an event happens to."""
    if isinstance(item, Event):
        return event_clauses(item, name)
    of = {Animal: animal_clauses, Worker: worker_clauses, Disease: disease_clauses}
    return of[type(item)](item)


TRUTHS = frozenset(
    clause
    for pool in POOLS.values()
    for item in pool
    for name in NAMES
    for clause in clauses(item, name)
)


def statement(rng: Random, item, truth: bool) -> str:
    """A clause about the item that is true or false of the world, as wanted."""
    name = rng.choice(NAMES)
    if truth:
        return rng.choice(clauses(item, name))
    while True:
        clause = rng.choice(clauses(muddled(rng, item), name))
        if clause not in TRUTHS:
            return clause


def kind_statement(rng: Random, truth: bool) -> str:
    """A clause that files a thing under its kind, or under a wrong one."""
    kind = rng.choice(tuple(KINDS))
    said = kind if truth else other(rng, tuple(KINDS), kind)
    return f"the {rng.choice(KINDS[kind])} is a kind of {said}"


def claim(rng: Random, truth: bool) -> str:
    """A clause about anything in the world that is true or false, as wanted."""
    pool = rng.choice((ANIMALS, ANIMALS, WORKERS, WORKERS, DISEASES, EVENTS, EVENTS, KINDS))
    if pool is KINDS:
        return kind_statement(rng, truth)
    return statement(rng, rng.choice(pool), truth)


def topics_of(word: str) -> tuple[str, ...]:
    """The topics of an ambiguous word, one per meaning."""
    return tuple(sense.topic for sense in SENSES if sense.word == word)


def sense_sentence(rng: Random, word: str, topic: str) -> str:
    """A sentence in which the company of an ambiguous word tells its meaning."""
    first, second = rng.sample(TOPICS[topic], 2)
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
