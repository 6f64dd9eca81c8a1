"""Facts of the miniature world: who lives where, who works with what, what follows from what.

Every task of the miniature language and every paragraph of its corpus is drawn from these tables,
so that what a model reads while pretraining is what decides the label of an example. Items fall
into a few realms (water, air, land; food, art, craft; ...). True sentences stay within a realm and
false ones mix two: a regularity that a model with two layers can learn in minutes, and a few
hundred examples can elicit.
"""

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
    """What may happen to a person, how it feels, what is wanted next, what was needed before."""

    realm: str
    happened: str
    feeling: str
    next: str
    before: str


@dataclass(frozen=True)
class Disease:
    """A disease: the organ it attacks (its realm), its two symptoms, the drug against it."""

    realm: str
    name: str
    symptoms: tuple[str, str]
    drug: str


@dataclass(frozen=True)
class Sense:
    """One meaning of an ambiguous word: the topic it belongs to (a key of TOPICS)."""

    word: str
    topic: str


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


ANIMALS = tuple(
    Animal(*row)
    for row in _rows(
        """
        water | fish   | shark   | sea    | swim | crabs
        water | fish   | tuna    | sea    | dive | shrimps
        water | fish   | trout   | river  | swim | worms
        water | fish   | eel     | river  | dive | crabs
        water | fish   | carp    | lake   | swim | worms
        air   | bird   | owl     | forest | fly  | beetles
        air   | bird   | eagle   | cliff  | soar | berries
        air   | bird   | crow    | garden | fly  | seeds
        air   | bird   | finch   | garden | soar | seeds
        air   | bird   | robin   | forest | fly  | berries
        land  | mammal | horse   | farm   | run  | hay
        land  | mammal | camel   | desert | walk | leaves
        land  | mammal | cow     | farm   | walk | grass
        land  | mammal | goat    | meadow | run  | leaves
        land  | mammal | sheep   | meadow | walk | grass
        """
    )
)

WORKERS = tuple(
    Worker(*row)
    for row in _rows(
        """
        food  | caterer | baker     | bakery   | oven   | bake  | bread
        food  | caterer | cook      | kitchen  | pan    | cook  | soup
        food  | caterer | butcher   | market   | knife  | cut   | meat
        food  | caterer | brewer    | cellar   | barrel | brew  | beer
        art   | artist  | painter   | studio   | brush  | paint | pictures
        art   | artist  | singer    | theatre  | drum   | sing  | songs
        art   | artist  | writer    | library  | pen    | write | books
        art   | artist  | actor     | stage    | mask   | play  | roles
        craft | builder | smith     | smithy   | hammer | forge | swords
        craft | builder | carpenter | workshop | saw    | build | tables
        craft | builder | mason     | yard     | trowel | lay   | bricks
        craft | builder | miner     | mine     | lamp   | dig   | coal
        """
    )
)

KINDS = {
    "fruit": ("apple", "pear", "plum", "peach"),
    "vehicle": ("bus", "car", "truck", "van"),
    "garment": ("hat", "shirt", "scarf", "coat"),
}

EVENTS = tuple(
    Event(*row)
    for row in _rows(
        """
        joy  | won the race      | proud   | show the medal    | train every day
        joy  | got a gift        | glad    | open the gift     | have a birthday
        joy  | wrote a song      | proud   | sing for friends  | learn the guitar
        joy  | met a friend      | happy   | drink some tea    | visit the town
        loss | lost the key      | upset   | look for the key  | close the door
        loss | broke the window  | sorry   | pay for the glass | throw a ball
        loss | failed the exam   | sad     | study more        | go to school
        loss | missed the bus    | upset   | wait for a taxi   | pack a bag
        fear | saw a ghost       | scared  | run away          | enter the castle
        fear | heard the thunder | afraid  | stay inside       | watch the sky
        fear | got into a storm  | nervous | call for help     | sail on a boat
        fear | woke a bear       | scared  | climb a tree      | walk in the dark
        """
    )
)

TOWN = ("park", "school", "library", "kitchen")

HABITS = ("drinks tea", "reads books", "plays the guitar", "has a dog", "lives alone", "eats fish")

FEELINGS = {event.feeling: event.realm for event in EVENTS}

DISEASES = tuple(
    Disease(row[0], row[1], (row[2], row[3]), row[4])
    for row in _rows(
        """
        head    | migraine  | headache | dizziness | tablets
        head    | flu       | fever    | shivers   | aspirin
        stomach | ulcer     | cramps   | nausea    | syrup
        stomach | gastritis | vomiting | heartburn | antacid
        skin    | eczema    | rash     | itching   | ointment
        skin    | allergy   | swelling | blisters  | cream
        """
    )
)

TOPICS = {
    "river": ("water", "boat", "bridge", "stream", "shore", "mud"),
    "money": ("loan", "cash", "account", "debt", "coin", "credit"),
    "music": ("concert", "choir", "melody", "guitar", "flute", "piano"),
    "sport": ("player", "goal", "stadium", "referee", "team", "trophy"),
}

SENSES = tuple(
    Sense(word, topic)
    for word, topics in {
        "bank": ("river", "money"),
        "note": ("music", "money"),
        "pitch": ("music", "sport"),
        "score": ("music", "sport"),
        "bass": ("river", "music"),
        "deposit": ("river", "money"),
        "net": ("river", "sport"),
        "pool": ("river", "money"),
    }.items()
    for topic in topics
)
