"""Words of the miniature language and their forms.

The language is a regular fragment of English: a few hundred words, no irregular spelling beyond
what the tables below state, so that a model with two layers learns it in minutes.
"""

from dataclasses import dataclass

VOWELS = "aeiou"


@dataclass(frozen=True)
class Verb:
    """The four forms of one verb: bake, bakes, baked, baking."""

    base: str
    third: str
    past: str
    ing: str


def _verbs(table: str) -> dict[str, Verb]:
    rows = (line.split() for line in table.strip().splitlines())
    return {row[0]: Verb(*row) for row in rows}


VERBS = _verbs(
    """
    bake bakes baked baking
    cook cooks cooked cooking
    cut cuts cut cutting
    brew brews brewed brewing
    paint paints painted painting
    sing sings sang singing
    write writes wrote writing
    play plays played playing
    forge forges forged forging
    build builds built building
    lay lays laid laying
    dig digs dug digging
    swim swims swam swimming
    dive dives dived diving
    fly flies flew flying
    soar soars soared soaring
    run runs ran running
    walk walks walked walking
    """
)

WOMEN = ("Anna", "Clara", "Emma", "Laura", "Nora")
MEN = ("Adam", "Carl", "David", "Henry", "Oscar")
NAMES = WOMEN + MEN

TIMES = ("in the morning", "at night", "after lunch", "on Monday", "in winter")
ADJECTIVES = ("old", "young", "small", "big", "quiet", "white")

_PLURALS = {"sheep": "sheep", "tuna": "tuna", "trout": "trout", "carp": "carp"}


def plural(noun: str) -> str:
    """The plural of a countable noun: owl -> owls, finch -> finches, sheep -> sheep."""
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


def article(phrase: str) -> str:
    """The phrase with its indefinite article: owl -> an owl, bear -> a bear."""
    return f"{'an' if phrase[0].lower() in VOWELS else 'a'} {phrase}"


def pronoun(name: str) -> str:
    """The subject pronoun of a person's name: Anna -> she, Adam -> he."""
    return "she" if name in WOMEN else "he"


def sentence(words: str) -> str:
    """The words as a written sentence: first letter raised, full stop at the end."""
    ending = "" if words.endswith((".", "?")) else "."
    return words[0].upper() + words[1:] + ending
