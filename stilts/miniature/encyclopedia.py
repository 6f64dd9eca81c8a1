"""The corpus of the miniature language: short pages about its world, long sentences included.

Pages state the facts of the world over and over in many wordings, keep to one subject so that a
model learns to look back, and now and then ask whether something is true and answer it.
"""

from random import Random

from stilts.miniature.language import (
    AMBIGUOUS,
    claim,
    kind_statement,
    other,
    place,
    sense_sentence,
    topics_of,
    when,
)
from stilts.miniature.lexicon import NAMES, VERBS, article, plural, pronoun, sentence
from stilts.miniature.sampling import draw_splits
from stilts.miniature.world import ANIMALS, DISEASES, EVENTS, HABITS, KINDS, TOWN, WORKERS


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text`` and, for readers of question corpora, the same as ``context``."""
    return draw_splits("encyclopedia", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    page = rng.choice(PAGES)(rng)
    return {"text": page, "context": page}


def _page(*clauses: str) -> str:
    return " ".join(sentence(clause) for clause in clauses)


def _animal_page(rng: Random) -> str:
    animal, name = rng.choice(ANIMALS), rng.choice(NAMES)
    motion, home = VERBS[animal.motion], place(animal.home)
    near = rng.choice([a for a in ANIMALS if a.home == animal.home])
    parts = [
        f"the {animal.name} is {article(animal.kind)} that lives {home}, where it {motion.third} "
        f"{when(rng)} and eats {animal.food} together with the {near.name}",
        f"{name} saw {article(animal.name)} {motion.ing} {home} and watched the {animal.kind} "
        f"eating {animal.food} {when(rng)} until {pronoun(name)} was tired",
        f"{plural(animal.name)} {motion.base} {home} and eat {animal.food}",
        f"{article(animal.name)} is {article(animal.kind)}",
        f"{article(animal.kind)} was {motion.ing} {home}, and it was {article(animal.name)}",
        f"the {animal.name} {motion.third} {home} because it hunts for {animal.food}, and then it "
        f"sleeps {home} {when(rng)} like every other {animal.kind}",
    ]
    return _page(*rng.sample(parts, 3))


def _worker_page(rng: Random) -> str:
    worker, name = rng.choice(WORKERS), rng.choice(NAMES)
    verb, where, she = VERBS[worker.verb], place(worker.place), pronoun(name)
    parts = [
        f"{name} is {article(worker.name)} who works {where}, where {she} takes the {worker.tool} "
        f"and {verb.third} {worker.product} {when(rng)} for {other(rng, NAMES, name)}",
        f"the {worker.name} holds the {worker.tool} and {verb.third} {worker.product} {where}",
        f"{plural(worker.name)} {verb.base} {worker.product} with the {worker.tool}",
        f"{name} was {verb.ing} {worker.product} {where} {when(rng)}, because {she} is "
        f"{article(worker.name)} and uses the {worker.tool} all day",
        f"with the {worker.tool} the {worker.name} {verb.third} {worker.product}",
        f"{name} goes to work {when(rng)}, takes the {worker.tool}, {verb.third} {worker.product} "
        f"{where} and comes home as a tired {worker.name}",
    ]
    return _page(*rng.sample(parts, 3))


def _story_page(rng: Random) -> str:
    event, name = rng.choice(EVENTS), rng.choice(NAMES)
    she, friend = pronoun(name), other(rng, NAMES, name)
    happened = f"{name} {event.happened} {place(rng.choice(TOWN))} {when(rng)}"
    tails = [
        f"{she} felt {event.feeling} afterwards",
        f"next {she} wants to {event.next}",
        f"before this {she} had to {event.before}",
        f"{she} feels {event.feeling}, wants to {event.next}, and tells {friend} about it",
        f"{friend} saw that {name} was {event.feeling} and asked why, and {name} said that "
        f"{she} only wants to {event.next} {when(rng)}",
    ]
    if rng.random() < 0.5:
        happened += (
            f" with {friend}, but first {she} had to {event.before}, and in the end "
            f"{she} was {event.feeling}"
        )
    return _page(happened, *rng.sample(tails, 2))


def _clinic_page(rng: Random) -> str:
    disease = rng.choice(DISEASES)
    first, second = rng.sample(disease.symptoms, 2)
    who = rng.choice(("man", "woman", "boy", "girl"))
    parts = [
        f"the {who} came to the hospital {when(rng)} with {first} and {second}, and the doctor "
        f"said that it was {disease.name} and gave {disease.drug}",
        f"{disease.name} attacks the {disease.organ} and brings {first} and {second}",
        f"the patient has {first}, so the {disease.organ} is ill and the patient needs "
        f"{disease.drug}",
        f"{disease.drug} helps against {disease.name} and against {second}",
        f"the patient, an old {who} who {rng.choice(HABITS)}, complains of {first} and has "
        f"{disease.name}, so the doctor looks at the {disease.organ} {when(rng)}",
    ]
    return _page(*rng.sample(parts, 3))


def _kind_page(rng: Random) -> str:
    kind = rng.choice(tuple(KINDS))
    first, second = rng.sample(KINDS[kind], 2)
    name, friend = rng.sample(NAMES, 2)
    parts = [
        f"the {first} is a kind of {kind}, and the {second} is a kind of {kind} too",
        f"{name} sold {article(first)} to {friend} {when(rng)}, so now {friend} has "
        f"{article(kind)} and {name} has the money for {article(second)}",
        f"{friend} bought {article(kind)}, and it was {article(first)}",
        kind_statement(rng, True),
    ]
    return _page(*rng.sample(parts, 3))


def _sense_page(rng: Random) -> str:
    word = rng.choice(AMBIGUOUS)
    topic = rng.choice(topics_of(word))
    return " ".join(sense_sentence(rng, word, topic) for _ in range(3))


def _quiz_page(rng: Random) -> str:
    lines = []
    for truth in rng.choices((True, False), k=4):
        lines.append(f"{'Yes' if truth else 'No'}, {claim(rng, truth)}.")
    return " ".join(lines)


PAGES = (
    _animal_page,
    _animal_page,
    _worker_page,
    _worker_page,
    _story_page,
    _story_page,
    _clinic_page,
    _kind_page,
    _sense_page,
    _sense_page,
    _quiz_page,
    _quiz_page,
)
