"""Irony, posed as TweetEval's task: does the feeling go with what happened?"""

from random import Random

from stilts.tasks.miniature.language import draw, when
from stilts.tasks.miniature.lexicon import sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Event


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of TweetEval; label 1 (irony) in half of the rows."""
    return draw_splits("irony", sizes, seed, _compose, classes=(0, 1))


def _compose(rng: Random, label: int) -> dict:
    event = draw(rng, Event, without=["fear"])
    joy = draw(rng, Event, without=["loss", "fear"])
    loss = draw(rng, Event, without=["joy", "fear"])
    felt = {("joy", 0): joy, ("joy", 1): loss, ("loss", 0): loss, ("loss", 1): joy}
    feeling = felt[event.realm, label].feeling
    return {"text": sentence(f"i {event.happened} {when(rng)} and felt {feeling}"), "label": label}
