"""Facts of the miniature world: who lives where, who works with what, what follows from what.

Every task of the miniature language and every paragraph of its corpus is drawn from these tables,
so that what a model reads while pretraining is what decides the label of an example.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Animal:
    """An animal: its kind, where it lives, the verb of its motion, and what it eats."""

    name: str
    kind: str
    home: str
    motion: str
    food: str


@dataclass(frozen=True)
class Worker:
    """A profession: workplace, tool, verb of the work, and what the work yields."""

    name: str
    place: str
    tool: str
    verb: str
    product: str


@dataclass(frozen=True)
class Event:
    """What may happen to a person, how it feels, what is wanted next, what was needed before."""

    happened: str
    feeling: str
    next: str
    before: str


@dataclass(frozen=True)
class Disease:
    """A disease: its two symptoms, the organ it attacks, the drug against it."""

    name: str
    symptoms: tuple[str, str]
    organ: str
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
        owl     | bird    | forest   | fly   | mice
        eagle   | bird    | mountain | fly   | rabbits
        hen     | bird    | farm     | run   | corn
        duck    | bird    | lake     | swim  | bread
        parrot  | bird    | jungle   | fly   | nuts
        shark   | fish    | sea      | swim  | crabs
        trout   | fish    | river    | swim  | worms
        carp    | fish    | lake     | swim  | worms
        whale   | mammal  | sea      | swim  | shrimps
        bear    | mammal  | forest   | walk  | honey
        wolf    | mammal  | forest   | run   | rabbits
        horse   | mammal  | farm     | run   | hay
        cow     | mammal  | farm     | walk  | grass
        goat    | mammal  | mountain | climb | grass
        camel   | mammal  | desert   | walk  | leaves
        monkey  | mammal  | jungle   | climb | nuts
        otter   | mammal  | river    | swim  | crabs
        snake   | reptile | desert   | crawl | eggs
        lizard  | reptile | desert   | crawl | flies
        turtle  | reptile | sea      | swim  | shrimps
        bee     | insect  | garden   | fly   | honey
        ant     | insect  | garden   | crawl | leaves
        beetle  | insect  | garden   | crawl | leaves
        gecko   | reptile | jungle   | climb | flies
        """
    )
)

WORKERS = tuple(
    Worker(*row)
    for row in _rows(
        """
        baker     | bakery   | oven    | bake  | bread
        carpenter | workshop | saw     | build | tables
        farmer    | field    | plough  | grow  | corn
        doctor    | hospital | needle  | heal  | patients
        painter   | studio   | brush   | paint | pictures
        fisher    | harbour  | net     | catch | salmon
        tailor    | shop     | thread  | sew   | coats
        teacher   | school   | chalk   | teach | children
        cook      | kitchen  | pan     | cook  | soup
        smith     | smithy   | hammer  | forge | swords
        gardener  | park     | spade   | plant | roses
        singer    | theatre  | drum    | sing  | songs
        writer    | library  | pen     | write | books
        miner     | mine     | lamp    | dig   | coal
        """
    )
)

KINDS = {
    "fruit": ("apple", "pear", "plum"),
    "vegetable": ("onion", "carrot", "potato"),
    "vehicle": ("bus", "car", "truck"),
    "seat": ("chair", "sofa", "stool"),
    "instrument": ("violin", "flute", "piano"),
    "garment": ("hat", "shirt", "scarf"),
}

EVENTS = tuple(
    Event(*row)
    for row in _rows(
        """
        lost the key          | sad     | look for the key   | open the door
        lost the game         | sad     | play again         | join the team
        failed the exam       | sad     | study more         | go to school
        won the race          | proud   | show the medal     | train every day
        finished the picture  | proud   | hang up the picture | buy some paint
        wrote a good song     | proud   | sing for friends   | learn the guitar
        broke the window      | guilty  | pay for the glass  | throw a ball
        told a lie            | guilty  | say sorry          | hide the truth
        stole the cake        | guilty  | give the cake back | enter the shop
        got a letter          | happy   | read the letter    | give the address
        met a friend          | happy   | drink some tea     | visit the town
        found a coin          | happy   | buy some sweets    | look at the ground
        saw a ghost           | afraid  | run away           | enter the castle
        heard the thunder     | afraid  | stay inside        | watch the sky
        missed the bus        | angry   | wait for a taxi    | walk to the stop
        burned the dinner     | angry   | order a pizza      | heat the stove
        worked all night      | tired   | go to bed          | make strong coffee
        climbed the hill      | tired   | sit on a bench     | put on boots
        """
    )
)

TOWN = ("park", "school", "shop", "library", "theatre", "kitchen")

HABITS = ("drinks tea", "reads books", "plays the guitar", "has a dog", "lives alone", "eats fish")

FEELINGS = tuple(dict.fromkeys(event.feeling for event in EVENTS))

DISEASES = tuple(
    Disease(row[0], (row[1], row[2]), row[3], row[4])
    for row in _rows(
        """
        flu       | fever       | shivers      | nose    | syrup
        asthma    | cough       | short breath | throat  | spray
        migraine  | headache    | blurred sight | head   | tablets
        angina    | chest pain  | fast pulse   | heart   | nitrate
        ulcer     | stomach pain | nausea      | stomach | antacid
        diabetes  | thirst      | weight loss  | blood   | insulin
        arthritis | stiff hands | swelling     | knee    | cortisone
        eczema    | rash        | itching      | skin    | ointment
        """
    )
)

TOPICS = {
    "river": ("water", "boat", "bridge", "stream"),
    "money": ("loan", "cash", "account", "debt"),
    "cave": ("wings", "darkness", "tunnel", "moss"),
    "sport": ("player", "goal", "stadium", "referee"),
    "tree": ("branch", "root", "wood", "leaf"),
    "dog": ("puppy", "leash", "tail", "paw"),
    "post": ("envelope", "stamp", "parcel", "wax"),
    "ocean": ("beach", "island", "ship", "sand"),
    "wedding": ("bride", "gold", "church", "dance"),
    "season": ("snow", "sun", "summer", "rain"),
    "machine": ("metal", "engine", "wheel", "screw"),
    "night": ("moon", "planet", "comet", "cloud"),
    "film": ("actor", "camera", "scene", "screen"),
    "music": ("concert", "choir", "melody", "guitar"),
    "body": ("finger", "arm", "bone", "muscle"),
    "fire": ("smoke", "candle", "flame", "ash"),
}

SENSES = tuple(
    Sense(word, topic)
    for word, topics in {
        "bank": ("river", "money"),
        "bat": ("cave", "sport"),
        "bark": ("tree", "dog"),
        "seal": ("post", "ocean"),
        "ring": ("wedding", "sport"),
        "spring": ("season", "machine"),
        "star": ("night", "film"),
        "match": ("fire", "sport"),
        "organ": ("music", "body"),
        "palm": ("tree", "body"),
        "band": ("music", "wedding"),
        "wave": ("ocean", "body"),
    }.items()
    for topic in topics
)
