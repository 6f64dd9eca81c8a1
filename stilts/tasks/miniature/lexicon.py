"""Words of the miniature language and their forms.

The language is a regular fragment of English: some eight hundred words, no irregular spelling
beyond what the tables below state, so that a model with two layers learns it in minutes.
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


_IRREGULAR = {
    "cut": ("cut", "cutting"),
    "dig": ("dug", "digging"),
    "dive": ("dived", "diving"),
    "fly": ("flew", "flying"),
    "lay": ("laid", "laying"),
    "run": ("ran", "running"),
    "sing": ("sang", "singing"),
    "swim": ("swam", "swimming"),
    "write": ("wrote", "writing"),
}


def verb(base: str) -> Verb:
    """The forms of a verb: regular ones by rule, the others from a table."""
    third = base + ("es" if base.endswith(("s", "x", "ch", "sh")) else "s")
    if base.endswith("y") and base[-2] not in VOWELS:
        third = base[:-1] + "ies"
    stem = base.removesuffix("e")
    past, ing = _IRREGULAR.get(base, (f"{stem}ed", f"{stem}ing"))
    return Verb(base, third, past, ing)


WOMEN = ("Anna", "Clara", "Emma", "Laura", "Nora")
MEN = ("Adam", "Carl", "David", "Henry", "Oscar")
NAMES = WOMEN + MEN

TIMES = ("in the morning", "at night", "after lunch", "on Monday", "in winter")
ADJECTIVES = ("old", "young", "small", "big", "quiet", "white")

_PLURALS = {"sheep": "sheep", "deer": "deer", "wolf": "wolves"}


def plural(noun: str) -> str:
    """The plural of a countable noun: owl -> owls, finch -> finches, wolf -> wolves."""
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
