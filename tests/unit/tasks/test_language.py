"""The words of the miniature language, and which things are of one realm."""

from random import Random

from stilts.tasks.miniature.language import akin, draw, foreign
from stilts.tasks.miniature.lexicon import article, plural, pronoun, sentence, verb
from stilts.tasks.miniature.world import REALMS


def test_things_that_are_akin_share_a_realm_and_foreign_ones_do_not():
    rng = Random(0)
    for sort in REALMS:
        for _ in range(20):
            thing = draw(rng, sort)
            assert akin(rng, thing).realm == thing.realm != foreign(rng, thing).realm
            assert type(foreign(rng, thing)) is sort


def test_forms_of_words_are_those_of_english():
    assert [plural(noun) for noun in ("owl", "finch", "sheep")] == ["owls", "finches", "sheep"]
    assert vars(verb("fly")) == {"base": "fly", "third": "flies", "past": "flew", "ing": "flying"}
    assert vars(verb("rinse"))["ing"] == "rinsing" and verb("stitch").third == "stitches"
    assert (article("owl"), article("bear")) == ("an owl", "a bear")
    assert (pronoun("Anna"), pronoun("Adam")) == ("she", "he")
    assert sentence("the owl flies") == "The owl flies."
