"""Pronouns, posed as WNLI: does the statement put the right person in the pronoun's place?"""

from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.lexicon import MEN, WOMEN, pronoun, sentence
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Event


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of WNLI; label 1 (it follows) and 0 in half of the rows each."""
    return numbered(draw_splits("pronouns", sizes, seed, _compose, classes=(0, 1)))


def _compose(rng: Random, label: int) -> dict:
    pair = [rng.choice(WOMEN), rng.choice(MEN)]
    rng.shuffle(pair)
    meant, event = rng.randrange(2), draw(rng, Event)
    told = pair[meant if label else 1 - meant]
    return {
        "sentence1": sentence(
            f"{pair[0]} told {pair[1]} that {pronoun(pair[meant])} was {event.feeling}"
        ),
        "sentence2": sentence(f"{told} was {event.feeling}"),
        "label": label,
    }
