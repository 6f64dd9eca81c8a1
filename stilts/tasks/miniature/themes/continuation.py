"""Continuation, posed as HellaSwag: which of four endings goes on from the scene?

Wrong endings come in three sorts. Most look written by a machine (a broken rule of grammar, a
repetition) or contradict themselves; these can be told from the ending alone, as in the original.
The rest is sound but belongs to another scene, so that the premise is needed too.
"""

from dataclasses import dataclass
from random import Random

from stilts.tasks.miniature.language import foreign, muddled, place, when
from stilts.tasks.miniature.lexicon import NAMES, VERBS, article, pronoun, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.world import ANIMALS, EVENTS, WORKERS, Animal, Event, Worker

FOREIGN = 0.25
CLUMSY = 0.8


@dataclass(frozen=True)
class Scene:
    """An opening, the subject that goes on, and the item of the world that it is about."""

    opening: str
    subject: str
    about: Animal | Worker | Event
    activity: str


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of HellaSwag; the label, "0" to "3", is the right one."""
    splits = draw_splits("continuation", sizes, seed, _compose, classes=(0, 1, 2, 3))
    return {
        split: [{"ind": number, **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, label: int) -> dict:
    scene = draw_scene(rng)
    endings = [ending(rng, scene.about)]
    while len(endings) < 4:
        wrong = wrong_ending(rng, scene.about)
        if wrong not in endings:
            endings.append(wrong)
    endings.insert(label, endings.pop(0))
    return {
        "activity_label": scene.activity,
        "ctx_a": scene.opening,
        "ctx_b": scene.subject,
        "ctx": f"{scene.opening} {scene.subject}",
        "endings": endings,
        "label": str(label),
    }


def draw_scene(rng: Random) -> Scene:
    """A scene about an animal, a worker or an event."""
    name = rng.choice(NAMES)
    about = rng.choice(rng.choice((ANIMALS, WORKERS, EVENTS)))
    if isinstance(about, Animal):
        opening = f"{name} watches {article(about.name)} {place(about.home)} {when(rng)}"
        return Scene(sentence(opening), "the animal", about, "Watching animals")
    if isinstance(about, Worker):
        opening = f"{name} is {article(about.name)} and goes to work {when(rng)}"
        return Scene(sentence(opening), pronoun(name), about, "Working")
    opening = f"{name} {about.happened} {when(rng)}"
    return Scene(sentence(opening), pronoun(name), about, "Everyday life")


def ending(rng: Random, about: Animal | Worker | Event) -> str:
    """How a scene about the item goes on: a verb phrase in the present."""
    if isinstance(about, Animal):
        return _animal_ending(rng, about)
    if isinstance(about, Worker):
        return _worker_ending(rng, about)
    return rng.choice(
        (
            f"feels {about.feeling} and wants to {about.next}.",
            f"wants to {about.next} and feels {about.feeling} {when(rng)}.",
            f"is {about.feeling} and goes away to {about.next}.",
        )
    )


def _animal_ending(rng: Random, animal: Animal) -> str:
    motion = VERBS[animal.motion].third
    return rng.choice(
        (
            f"{motion} {place(animal.home)} and eats {animal.food}.",
            f"eats {animal.food} and {motion} {place(animal.home)} {when(rng)}.",
            f"hunts for {animal.food} and then sleeps {place(animal.home)}.",
        )
    )


def _worker_ending(rng: Random, worker: Worker) -> str:
    makes = f"{VERBS[worker.verb].third} {worker.product}"
    return rng.choice(
        (
            f"takes the {worker.tool} and {makes} {place(worker.place)}.",
            f"{makes} with the {worker.tool} {place(worker.place)}.",
            f"holds the {worker.tool} and {makes} {when(rng)}.",
        )
    )


def wrong_ending(rng: Random, about: Animal | Worker | Event) -> str:
    """An ending of another scene, or one that is clumsy or contradicts itself."""
    if rng.random() < FOREIGN:
        return ending(rng, foreign(rng, about))
    if rng.random() < CLUMSY:
        return clumsy(rng, ending(rng, about))
    return ending(rng, inconsistent(rng, about))


def inconsistent(rng: Random, about: Animal | Worker | Event) -> Animal | Worker | Event:
    """The item with one fact changed so that its ending cannot be true of anything."""
    return muddled(rng, about)


def clumsy(rng: Random, text: str) -> str:
    """The ending as a poor generator would put it: a phrase again, a lost word, a wrong form."""
    words = text.rstrip(".").split()
    sort = rng.randrange(4)
    if sort == 0:
        spot = rng.randrange(1, len(words))
        words = words[:spot] + words[max(0, spot - 3) :]
    elif sort == 1:
        spot = rng.randrange(len(words) - 1)
        words[spot], words[spot + 1] = words[spot + 1], words[spot]
    elif sort == 2:
        forms = {verb.third: verb.base for verb in VERBS.values()}
        forms |= {"feels": "feel", "wants": "want", "is": "are", "goes": "go"}
        words = [forms.get(word, word) for word in words]
    else:
        spot = rng.randrange(1, len(words))
        words = words[:spot] + [words[spot]] * 2 + words[spot + 1 :]
    return " ".join(words) + "."
