"""Sentences about one item of the world each, from which the pages of the corpora are made.

All of them take a random generator, the item, and the person who appears in the page, so that two
sentences of one page agree on who and what they are about. Several have 20 words and more.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from stilts.tasks.miniature.language import (
    AMBIGUOUS,
    akin,
    draw,
    other,
    place,
    sense_sentence,
    topics_of,
    when,
)
from stilts.tasks.miniature.lexicon import NAMES, article, plural, pronoun, sentence, verb
from stilts.tasks.miniature.things import Animal, Disease, Event, Pastime, Sight, Ware, Worker
from stilts.tasks.miniature.world import HABITS

PEOPLE = ("man", "woman", "boy", "girl")


def article_page(rng: Random, sorts: Sequence[type], sentences: int = 2) -> str:
    """Some sentences, each about an item of its own, that keep to one realm of one of the sorts."""
    name, items = rng.choice(NAMES), [draw(rng, rng.choice(sorts))]
    while len(items) < sentences:
        items.append(akin(rng, items[0]))
    return " ".join(sentence(rng.choice(parts(rng, item, name))) for item in items)


def sense_page(rng: Random) -> str:
    """Two sentences that keep to one meaning of an ambiguous word."""
    word = rng.choice(AMBIGUOUS)
    topic = rng.choice(topics_of(word))
    return " ".join(sense_sentence(rng, word, topic) for _ in range(2))


def parts(rng: Random, item: Any, name: str) -> list[str]:
    """Clauses about the item, several of them of 20 words and more."""
    write = {
        Animal: _animal,
        Worker: _worker,
        Event: _event,
        Disease: _disease,
        Ware: _ware,
        Pastime: _pastime,
        Sight: _sight,
    }
    return write[type(item)](rng, item, name)


def _animal(rng: Random, animal: Animal, name: str) -> list[str]:
    motion, home = verb(animal.motion), place(animal.home)
    near = akin(rng, animal)
    return [
        f"the {animal.name} is {article(animal.kind)} that lives {home}, where it {motion.third} "
        f"{when(rng)} and eats {animal.food} together with the {near.name}",
        f"{name} saw {article(animal.name)} {motion.ing} {home} and watched the {animal.kind} "
        f"eating {animal.food} {when(rng)} until {pronoun(name)} was tired",
        f"{plural(animal.name)} {motion.base} {home} and eat {animal.food}",
        f"{article(animal.kind)} was {motion.ing} {home}, and it was {article(animal.name)}",
        f"the {animal.name} {motion.third} {home} because it hunts for {animal.food}, and then it "
        f"sleeps {home} {when(rng)} like the {near.name} and every other {animal.kind}",
        f"{name} was {home} and saw {article(animal.kind)}",
        f"the {animal.name} and the {near.name} live {home}",
    ]


def _worker(rng: Random, worker: Worker, name: str) -> list[str]:
    work, where, subject = verb(worker.verb), place(worker.place), pronoun(name)
    return [
        f"{name} is {article(worker.name)} who works {where}, where {subject} takes the "
        f"{worker.tool} and {work.third} {worker.product} {when(rng)} for "
        f"{other(rng, NAMES, name)}",
        f"the {worker.name} needs the {worker.tool} and {work.third} {worker.product} {where}",
        f"{plural(worker.name)} {work.base} {worker.product} with the {worker.tool}",
        f"{name} was {work.ing} {worker.product} {where} {when(rng)}, because {subject} is "
        f"{article(worker.name)} and uses the {worker.tool} all day",
        f"{name} goes to work {when(rng)}, takes the {worker.tool}, {work.third} {worker.product} "
        f"{where} and comes home as a tired {worker.name}",
        f"the {worker.name} is {article(worker.kind)} who works {where}",
    ]


def _event(rng: Random, event: Event, name: str) -> list[str]:
    subject, friend = pronoun(name), other(rng, NAMES, name)
    return [
        f"{name} {event.happened} {when(rng)} with {friend}, but first {subject} had to "
        f"{event.before}, and in the end {subject} was {event.feeling}",
        f"when {name} {event.happened}, {subject} felt {event.feeling}",
        f"{name} {event.happened} and went to {event.next}",
        f"before {name} {event.happened}, {subject} had to {event.before}",
        f"{name} {event.happened}, so {subject} feels {event.feeling}, wants to {event.next}, and "
        f"tells {friend} about it",
        f"{friend} saw that {name} was {event.feeling} and asked why, and {name} said that "
        f"{subject} {event.happened} and only wants to {event.next} {when(rng)}",
    ]


def _disease(rng: Random, disease: Disease, name: str) -> list[str]:
    first, second = disease.symptom, disease.second
    who = rng.choice(PEOPLE)
    return [
        f"{name} came to the hospital {when(rng)} with {first} and {second}, and the doctor "
        f"said that it was {disease.name} and gave {disease.drug}",
        f"{disease.name} attacks the {disease.realm} and brings {first} and {second}",
        f"the patient has {first}, so the {disease.realm} is ill and the patient needs "
        f"{disease.drug}",
        f"{disease.drug} helps against {disease.name} and against {second}",
        f"the patient, an old {who} who {rng.choice(HABITS)}, complains of {first} and has "
        f"{disease.name}, so the doctor looks at the {disease.realm} {when(rng)}",
    ]


def _ware(rng: Random, ware: Ware, name: str) -> list[str]:
    friend = other(rng, NAMES, name)
    near = akin(rng, ware)
    return [
        f"the {ware.name} is a kind of {ware.realm}, and the {near.name} is a kind of "
        f"{ware.realm} too",
        f"{name} sold {article(ware.name)} to {friend} {when(rng)}, so now {friend} has "
        f"{article(ware.realm)} and {name} has the money for {article(near.name)}",
        f"{friend} bought {article(ware.realm)}, and it was {article(ware.name)}",
        f"{name} wanted {article(ware.realm)} and chose between the {ware.name} and the "
        f"{near.name}",
    ]


def _pastime(rng: Random, pastime: Pastime, name: str) -> list[str]:
    does, where = verb(pastime.act).third, place(pastime.place)
    return [
        f"{name} is {pastime.name} {where}, takes the {pastime.tool} and {does} {when(rng)} until "
        f"{pronoun(name)} leaves {pastime.trace}",
        f"whoever goes {pastime.name} needs the {pastime.tool} and leaves {pastime.trace} {where}",
        f"{name} {does} {where} with the {pastime.tool}",
        f"{name} was {pastime.name} {when(rng)} and left {pastime.trace}",
    ]


def _sight(rng: Random, sight: Sight, name: str) -> list[str]:
    where = place(sight.place)
    return [
        f"the {sight.name} is {article(sight.kind)} that is found {where}, where it {sight.act} "
        f"{when(rng)} and shows its {sight.part} to all who know about {sight.need}",
        f"with its {sight.part} the {sight.name} is the best known {sight.kind} {where}, and it "
        f"{sight.act} {when(rng)} as long as it has enough of the {sight.need}",
        f"since old times the {sight.name}, {article(sight.kind)}, {sight.act} {where}, and its "
        f"{sight.part} are said to come from the {sight.need}",
        f"{where} the {sight.name} {sight.act} and shows {sight.part}",
        f"the {sight.kind} with the {sight.part} was {article(sight.name)}",
    ]
