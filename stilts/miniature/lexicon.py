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
    build builds built building
    grow grows grew growing
    heal heals healed healing
    paint paints painted painting
    catch catches caught catching
    sew sews sewed sewing
    teach teaches taught teaching
    cook cooks cooked cooking
    forge forges forged forging
    plant plants planted planting
    sing sings sang singing
    write writes wrote writing
    dig digs dug digging
    fly flies flew flying
    swim swims swam swimming
    run runs ran running
    crawl crawls crawled crawling
    climb climbs climbed climbing
    walk walks walked walking
    hunt hunts hunted hunting
    eat eats ate eating
    sleep sleeps slept sleeping
    live lives lived living
    hold holds held holding
    sell sells sold selling
    use uses used using
    take takes took taking
    clean cleans cleaned cleaning
    watch watches watched watching
    follow follows followed following
    help helps helped helping
    call calls called calling
    see sees saw seeing
    like likes liked liking
    """
)

WOMEN = ("Anna", "Clara", "Emma", "Julia", "Laura", "Maria", "Nora", "Sara")
MEN = ("Adam", "Carl", "David", "Henry", "Jack", "Leo", "Oscar", "Peter")
NAMES = WOMEN + MEN

TIMES = ("in the morning", "at night", "in the evening", "after lunch", "on Monday", "in winter")
ADJECTIVES = ("old", "young", "small", "big", "quiet", "strong", "brown", "white")

_PLURALS = {"mouse": "mice", "fish": "fish", "salmon": "salmon", "sheep": "sheep", "wolf": "wolves"}


def plural(noun: str) -> str:
    """The plural of a countable noun: wolf -> wolves, fox -> foxes, bee -> bees."""
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
