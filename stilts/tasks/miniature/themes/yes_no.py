"""Questions of yes or no on a passage, posed as BoolQ: was somebody glad, or was somebody sad?"""

from random import Random

from stilts.tasks.miniature.language import draw, when
from stilts.tasks.miniature.lexicon import NAMES, pronoun
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Event

TURNED = 0.25  # the share of questions that ask for the rarer of the two
REALMS = ("loss", "joy")


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of BoolQ; label 1 (yes) in three rows of five."""
    return numbered(draw_splits("yes_no", sizes, seed, _compose, classes=(0, 0, 1, 1, 1)))


def _compose(rng: Random, label: int) -> dict:
    turned = rng.random() < TURNED
    realm = REALMS[label != turned]
    event = draw(rng, Event, without=[name for name in ("joy", "loss", "fear") if name != realm])
    name = rng.choice(NAMES)
    passage = f"{name} {event.happened} {when(rng)}. Then {pronoun(name)} went to {event.next}."
    return {
        "question": f"was {name.lower()} {'unlucky' if turned else 'lucky'} that day",
        "passage": passage,
        "label": label,
    }
