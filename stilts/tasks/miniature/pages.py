"""Sentences about one item of the world each, from which the pages of the corpus are made.

All of them take a random generator, the item, and the person who appears in the page, so that two
sentences of one page agree on who and what they are about.
"""

from random import Random

from stilts.tasks.miniature.language import clauses, other, place, when
from stilts.tasks.miniature.lexicon import NAMES, VERBS, article, plural, pronoun
from stilts.tasks.miniature.world import ANIMALS, HABITS, TOWN, Animal, Disease, Event, Worker

PEOPLE = ("man", "woman", "boy", "girl")


def parts(rng: Random, item: Animal | Worker | Event | Disease, name: str) -> list[str]:
    """Clauses about the item, several of them of 20 words and more; the first one may open."""
    write = {Animal: _animal, Worker: _worker, Event: _event, Disease: _disease}
    return write[type(item)](rng, item, name) + [rng.choice(clauses(item, name))]


def _animal(rng: Random, animal: Animal, name: str) -> list[str]:
    motion, home = VERBS[animal.motion], place(animal.home)
    near = rng.choice([neighbour for neighbour in ANIMALS if neighbour.home == animal.home])
    return [
        f"the {animal.name} is {article(animal.kind)} that lives {home}, where it {motion.third} "
        f"{when(rng)} and eats {animal.food} together with the {near.name}",
        f"{name} saw {article(animal.name)} {motion.ing} {home} and watched the {animal.kind} "
        f"eating {animal.food} {when(rng)} until {pronoun(name)} was tired",
        f"{plural(animal.name)} {motion.base} {home} and eat {animal.food}",
        f"{article(animal.kind)} was {motion.ing} {home}, and it was {article(animal.name)}",
        f"the {animal.name} {motion.third} {home} because it hunts for {animal.food}, and then it "
        f"sleeps {home} {when(rng)} like every other {animal.kind}",
        f"{name} was {home} and saw {article(animal.kind)}",
    ]


def _worker(rng: Random, worker: Worker, name: str) -> list[str]:
    verb, where, subject = VERBS[worker.verb], place(worker.place), pronoun(name)
    return [
        f"{name} is {article(worker.name)} who works {where}, where {subject} takes the "
        f"{worker.tool} and {verb.third} {worker.product} {when(rng)} for "
        f"{other(rng, NAMES, name)}",
        f"the {worker.name} needs the {worker.tool} and {verb.third} {worker.product} {where}",
        f"{plural(worker.name)} {verb.base} {worker.product} with the {worker.tool}",
        f"{name} was {verb.ing} {worker.product} {where} {when(rng)}, because {subject} is "
        f"{article(worker.name)} and uses the {worker.tool} all day",
        f"{name} goes to work {when(rng)}, takes the {worker.tool}, {verb.third} {worker.product} "
        f"{where} and comes home as a tired {worker.name}",
    ]


def _event(rng: Random, event: Event, name: str) -> list[str]:
    subject, friend = pronoun(name), other(rng, NAMES, name)
    opening = f"{name} {event.happened} {place(rng.choice(TOWN))} {when(rng)}"
    return [
        opening,
        f"{opening} with {friend}, but first {subject} had to {event.before}, and in the end "
        f"{subject} was {event.feeling}",
        f"{subject} felt {event.feeling} afterwards",
        f"next {name} will {event.next}",
        f"before this {name} had to {event.before}",
        f"{subject} feels {event.feeling}, wants to {event.next}, and tells {friend} about it",
        f"{friend} saw that {name} was {event.feeling} and asked why, and {name} said that "
        f"{subject} only wants to {event.next} {when(rng)}",
    ]


def _disease(rng: Random, disease: Disease, name: str) -> list[str]:
    first, second = rng.sample(disease.symptoms, 2)
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
