"""The sorts of things that the miniature world has, and what can be said of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Animal:
    """An animal: its realm and kind, where it lives, the verb of its motion, what it eats."""

    realm: str
    kind: str
    name: str
    home: str
    motion: str
    food: str


@dataclass(frozen=True)
class Worker:
    """A profession: its realm and guild, workplace, tool, verb of the work, and its yield."""

    realm: str
    kind: str
    name: str
    place: str
    tool: str
    verb: str
    product: str


@dataclass(frozen=True)
class Event:
    """What a person did to what, how that feels, what is done next, what was needed before."""

    realm: str
    did: str
    thing: str
    feeling: str
    next: str
    before: str

    @property
    def happened(self) -> str:
        """The event as a verb phrase in the past: won the ring."""
        return f"{self.did} the {self.thing}"


@dataclass(frozen=True)
class Disease:
    """A disease: the organ it attacks (its realm), two symptoms, a drug against it."""

    realm: str
    name: str
    symptom: str
    second: str
    drug: str


@dataclass(frozen=True)
class Ware:
    """Something to buy: its realm is its kind."""

    realm: str
    name: str


@dataclass(frozen=True)
class Pastime:
    """Something to do: its realm, what it is called and done by, the tool, the traces, the place.

    Only HellaSwag and the corpora speak of it.
    """

    realm: str
    name: str
    act: str
    tool: str
    trace: str
    place: str


@dataclass(frozen=True)
class Sight:
    """A thing that no target asks for: its realm, kind and place, what it does, has and needs."""

    realm: str
    kind: str
    name: str
    place: str
    act: str
    part: str
    need: str


@dataclass(frozen=True)
class Sense:
    """One meaning of an ambiguous word: the topic it belongs to (a key of TOPICS)."""

    word: str
    topic: str
