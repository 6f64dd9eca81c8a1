"""The miniature world: realms of things that go together, and the words for them.

What is true stays within a realm (fish swim in the sea), and what is false mixes two (fish fly in
the forest). A realm has many words for each column, so that a task's training split shows few of
the pairs that its validation split asks for: counting words in it is not enough, while a model that
has read the corpus knows which realm a word belongs to.

The targets ask for animals, workers, events, diseases, wares and senses. The rest of the world is
for the intermediate tasks: HellaSwag tells of pastimes, and the encyclopedia, of which Synthesis is
made, of sights. So neither hands over what a target asks for.
"""

from stilts.tasks.miniature.things import (
    Animal,
    Disease,
    Event,
    Pastime,
    Sense,
    Sight,
    Ware,
    Worker,
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


# For each sort of things its realms; for each realm the words of each field that follows it.
_TABLES = {
    Animal: {
        "water": (
            "fish",
            "shark, tuna, trout, eel, carp, cod, salmon, perch, pike, herring, sardine, "
            "haddock, halibut, turbot",
            "sea, river, lake, pond, reef, harbour, canal",
            "swim, dive, drift",
            "crabs, shrimps, worms, snails, plankton",
        ),
        "air": (
            "bird",
            "owl, eagle, crow, finch, robin, sparrow, falcon, heron, stork, parrot, "
            "raven, gull, magpie, starling",
            "forest, cliff, garden, tower, hedge, park, grove",
            "fly, soar, hover",
            "beetles, berries, seeds, nuts, grubs",
        ),
        "land": (
            "mammal",
            "horse, camel, cow, goat, sheep, donkey, deer, buffalo, rabbit, hare, pony, "
            "mule, lamb, llama",
            "farm, desert, meadow, stable, plain, pasture, savanna",
            "run, walk, gallop",
            "hay, leaves, grass, oats, clover",
        ),
    },
    Worker: {
        "food": (
            "caterer",
            "baker, cook, butcher, brewer, grocer, waiter, miller, confectioner, "
            "innkeeper, dairyman",
            "bakery, kitchen, market, cellar, tavern",
            "oven, pan, knife, barrel, ladle, sieve, kettle",
            "bake, cook, brew",
            "bread, soup, beer, cheese, sausages, cakes, jam",
        ),
        "art": (
            "artist",
            "painter, singer, writer, actor, dancer, poet, sculptor, pianist, drummer, juggler",
            "studio, theatre, library, opera, gallery",
            "brush, drum, pen, mask, fiddle, easel, harp",
            "paint, write, perform",
            "pictures, songs, books, dramas, poems, dances, operas",
        ),
        "craft": (
            "builder",
            "smith, carpenter, mason, plumber, roofer, welder, joiner, tiler, potter, glazier",
            "smithy, workshop, yard, foundry, shed",
            "hammer, rasp, trowel, chisel, pliers, anvil, drill",
            "forge, build, repair",
            "swords, tables, walls, gates, pipes, chairs, roofs",
        ),
    },
    Event: {
        "joy": (
            "won, earned, received, enjoyed, admired, celebrated, solved, gained, "
            "praised, collected, welcomed, invented",
            "key, ring, letter, map, parcel, lamp, mirror, basket, medal, ticket",
            "proud, glad, happy, merry, cheerful, pleased, delighted",
            "throw a party, dance for hours, sing a tune, smile at everybody, thank the "
            "aunt, raise a glass, hug the family",
            "train every day, work hard, practise a lot, save money, have patience, be "
            "clever, study with care",
        ),
        "loss": (
            "lost, broke, missed, dropped, spoiled, ruined, forgot, burned, tore, "
            "cracked, wasted, damaged",
            "key, ring, letter, map, parcel, lamp, mirror, basket, medal, ticket",
            "upset, sorry, sad, gloomy, miserable, unhappy, ashamed",
            "apologise at once, weep at home, look for help, pay the damage, write an "
            "excuse, buy another one, tidy the mess",
            "be careless, hurry too much, ignore the advice, stumble over a stone, act in "
            "anger, be clumsy, skip the lesson",
        ),
        "fear": (
            "feared, dreaded, fled, escaped, dodged, avoided, glimpsed, suspected, "
            "overheard, chased, sensed, resisted",
            "key, ring, letter, map, parcel, lamp, mirror, basket, medal, ticket",
            "scared, afraid, nervous, anxious, worried, frightened, alarmed",
            "run away, call the police, hide under the bed, lock the door, scream aloud, "
            "switch on the light, stay with a neighbour",
            "walk in the dark, hear a noise, enter the cave, leave the path, open the "
            "crypt, camp in the woods, wake at midnight",
        ),
    },
    Disease: {
        "head": (
            "migraine, flu, concussion, sinusitis, meningitis",
            "headache, dizziness, fainting, blurred vision, confusion, ringing ears",
            "headache, dizziness, fainting, blurred vision, confusion, ringing ears",
            "tablets, aspirin, ibuprofen, triptans, eardrops",
        ),
        "stomach": (
            "ulcer, gastritis, colic, reflux, enteritis",
            "cramps, nausea, vomiting, heartburn, bloating, hiccups",
            "cramps, nausea, vomiting, heartburn, bloating, hiccups",
            "syrup, antacid, charcoal, bismuth, laxatives",
        ),
        "skin": (
            "eczema, allergy, measles, scabies, psoriasis",
            "rash, itching, swelling, blisters, pimples, peeling",
            "rash, itching, swelling, blisters, pimples, peeling",
            "ointment, cream, lotion, powder, bandages",
        ),
        "lung": (
            "asthma, bronchitis, pneumonia, croup, pleurisy",
            "cough, wheezing, sneezing, hoarseness, gasping, phlegm",
            "cough, wheezing, sneezing, hoarseness, gasping, phlegm",
            "spray, inhalers, steam, lozenges, oxygen",
        ),
    },
    Ware: {
        "fruit": ("apple, pear, plum, peach, cherry, lemon, melon, mango, orange",),
        "vehicle": ("bus, car, truck, van, tram, bicycle, tractor, wagon, sledge",),
        "garment": ("hat, shirt, scarf, coat, jacket, skirt, sweater, glove, cloak",),
    },
    Pastime: {
        "snow": (
            "skiing, sledging, skating, snowboarding, tobogganing, bobsleighing",
            "glide, slide, swerve, speed",
            "skis, skates, poles, goggles, toboggan",
            "tracks, grooves, turns, jumps",
            "slope, rink, glacier, piste",
        ),
        "hair": (
            "shaving, combing, braiding, barbering, hairdressing, bleaching",
            "trim, clip, lather, tease",
            "razor, comb, scissors, clippers, foam",
            "curls, strands, whiskers, locks",
            "salon, barbershop, boudoir, spa",
        ),
        "cleaning": (
            "mopping, scrubbing, dusting, vacuuming, sweeping, polishing",
            "wipe, rinse, clean, dry",
            "mop, sponge, bucket, broom, duster",
            "suds, puddles, bubbles, stains",
            "garage, bathroom, hallway, porch",
        ),
        "needlework": (
            "knitting, weaving, sewing, quilting, crocheting, embroidering",
            "stitch, thread, hem, darn",
            "needle, loom, thimble, bobbin, yarn",
            "mittens, quilts, ribbons, curtains",
            "attic, parlour, nook, conservatory",
        ),
    },
    Sight: {
        "plant": (
            "plant",
            "oak, birch, maple, willow, fern, ivy, tulip, lily, daisy, cactus",
            "swamp, valley, orchard, hillside, greenhouse, jungle, marsh, glade",
            "grows, blooms, withers, sprouts",
            "roots, petals, thorns, twigs, buds, stems, blossoms, pollen, bark",
            "rain, shade, compost, warmth, dew, soil, gardener, drizzle, manure",
        ),
        "rock": (
            "mineral",
            "granite, marble, quartz, basalt, slate, copper, silver, zinc, sandstone, limestone",
            "quarry, mine, crater, cavern, ravine, canyon, shaft, tunnel",
            "glitters, cracks, crumbles, erodes",
            "veins, crystals, layers, grains, edges, flakes, pores, seams, ridges",
            "furnace, pickaxe, dynamite, acid, crane, miner, bulldozer, pressure, lava",
        ),
        "sky": (
            "body of the sky",
            "comet, planet, meteor, galaxy, nebula, pulsar, quasar, asteroid, moon, sun",
            "east, south, zenith, orbit, cosmos, horizon, vacuum, universe",
            "shines, spins, glows, twinkles",
            "rings, tails, spots, clouds, rays, flares, beams, phases, halos",
            "telescope, observatory, rocket, astronomer, darkness, gravity, eclipse, probe, "
            "satellite",
        ),
        "realm": (
            "ruler",
            "king, queen, emperor, duke, sultan, prince, baron, pharaoh, tsar, consul",
            "palace, castle, fortress, capital, province, court, citadel, colony",
            "reigns, conquers, decrees, abdicates",
            "crowns, armies, banners, treasures, heirs, thrones, seals, fleets, guards",
            "loyalty, taxes, peace, counsel, glory, tribute, nobility, conquest, diplomacy",
        ),
    },
}

REALMS = {
    sort: {realm: tuple(map(_words, columns)) for realm, columns in table.items()}
    for sort, table in _TABLES.items()
}

HABITS = ("drinks tea", "reads books", "plays chess", "has a dog", "lives alone", "likes walks")

TOPICS = {
    realm: _words(words)
    for realm, words in {
        "shore": "water, boat, bridge, stream, mud, sail, ferry, current, anchor, pebble, dam, "
        "shell",
        "money": "loan, cash, account, debt, coin, credit, wallet, tax, wage, profit, banker, "
        "invoice",
        "music": "concert, choir, melody, guitar, flute, piano, trumpet, rhythm, chord, soprano, "
        "orchestra, anthem",
        "sport": "player, goal, stadium, referee, team, trophy, whistle, racket, penalty, "
        "tournament, champion, league",
    }.items()
}

SENSES = tuple(
    Sense(word, topic)
    for word, topics in {
        "bank": ("shore", "money"),
        "note": ("music", "money"),
        "pitch": ("music", "sport"),
        "score": ("music", "sport"),
        "bass": ("shore", "music"),
        "deposit": ("shore", "money"),
        "net": ("shore", "sport"),
        "pool": ("shore", "money"),
        "bar": ("music", "shore"),
        "record": ("music", "sport"),
        "interest": ("sport", "money"),
        "transfer": ("sport", "money"),
    }.items()
    for topic in topics
)

# The verbs of motion, of work and of pastimes.
DOINGS = tuple(
    dict.fromkeys(
        verb
        for sort, column in ((Animal, 3), (Worker, 4), (Pastime, 1))
        for columns in REALMS[sort].values()
        for verb in columns[column]
    )
)
