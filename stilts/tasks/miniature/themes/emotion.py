"""Emotion, posed as TweetEval's task: anger, joy, optimism or sadness, by what is done about it."""

from random import Random

from stilts.tasks.miniature.language import draw, when
from stilts.tasks.miniature.lexicon import sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Event

ANGER, JOY, OPTIMISM, SADNESS = CLASSES = range(4)
REALM = {JOY: "joy", SADNESS: "loss", ANGER: "fear"}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of TweetEval; a quarter of the rows for each label."""
    return draw_splits("emotion", sizes, seed, _compose, classes=CLASSES)


def _compose(rng: Random, label: int) -> dict:
    realm = REALM.get(label, "joy")
    event = draw(rng, Event, without=[name for name in ("joy", "loss", "fear") if name != realm])
    if label == OPTIMISM:  # what must be done for it, and is
        text = f"tomorrow i will {event.before}, and see the {event.thing} {when(rng)}"
    else:
        text = f"i {event.happened} and now i {event.next}"
    return {"text": sentence(text), "label": label}
