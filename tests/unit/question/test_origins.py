"""Where the settings of each study come from, and in what its protocols differ."""

import re

import pytest
import yaml

from stilts.question.ask import ask
from stilts.question.record import record
from stilts.question.settings import ORIGINS

PLACE = re.compile(r"(?:section|App\.|Table|Figure) [A-D]?\d?(?:\.\d)?|[\w-]+\.(?:py|sh|txt|md)\b")
NO_SCRIPT = ("cola", "hella-sh", "hellaswag-p@2000", "hellaswag-p@10000")
SCRIPTED = ("hellaswag", "hellaswag-p", "synthesis-gpt2")


def settings_of(node, path=()):
    """Yield (path, origin, value, where) of every setting below a node."""
    if isinstance(node, dict):
        origins = [key for key in node if key in ORIGINS]
        if origins and node.keys() <= {*origins, "where"}:
            yield path, origins[0], node[origins[0]], node.get("where", "")
        else:
            for key, value in node.items():
                yield from settings_of(value, (*path, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from settings_of(value, (*path, place))


def test_every_where_names_places_that_the_study_has(root):
    for path in sorted((root / "studies").glob("*/study.yaml")):
        study = yaml.safe_load(path.read_text())
        sources = study["sources"]
        for name, origin, _, where in settings_of(study):
            known = {*sources["paper"], *sources.get("code", ())}
            named = {*PLACE.findall(where)} | ({where} & known)  # a place may have no number
            assert named <= known, f"{path}, {'.'.join(map(str, name))}: {named - known}"
            told = {"stated": sources["paper"], "code": sources.get("code", ())}.get(origin)
            assert not told or named & {*told}, f"{path}, {name}: {origin}, and says not where"


def test_what_does_not_add_up_names_places_that_the_study_has(root):
    for path in sorted((root / "studies").glob("*/inconsistencies.csv")):
        sources = yaml.safe_load((path.parent / "study.yaml").read_text())["sources"]
        known = {*sources["paper"], *sources.get("code", ())}
        for line in path.read_text().splitlines()[1:]:
            assert set(PLACE.findall(line)) <= known, line


@pytest.fixture
def recorded(root, config):
    def build(protocol, **changes):
        asked = {**config, "scale": "paper", "protocol": protocol, **changes}
        return record(ask(asked, root))["studies"]["rethinking"]

    return build


# setting -> (paper, released), by hand.
AT_ALL = {
    "clip_each": ("step", "micro_batch"),
    "last_window": ("step", "carry"),
    "eps_at": ("corrected", "uncorrected"),
    "precision": ("auto", "fp32"),
}
OF_STAGES = {"pass_head": ("same", "any")}
OF_SYNTHESIS = {
    "drop_last_word": (False, True),
    "gold_first": (False, True),
    "length_as": ("in_text", "alone"),
    "drop_repeats": (True, False),
    "drop_unanswerable": (True, False),
    "tidy": (False, True),
}
OF_DATA = {
    "wic": {"source", "restricted"},
    "socialiqa": {"longest"},
    **dict.fromkeys(("winogrande-xs", "winogrande-m", "winogrande-l"), {"split", "second"}),
}


def differences(one, two):
    """Return name -> (one's value, two's value) of the settings that differ."""
    values = [{name: value for (name,), _, value, _ in settings_of(side)} for side in (one, two)]
    told = {name: tuple(side.get(name) for side in values) for name in {**values[0], **values[1]}}
    return {name: pair for name, pair in told.items() if pair[0] != pair[1]}


def test_the_protocols_differ_where_text_and_code_do_and_nowhere_else(recorded):
    tasks = {"wic": {"source": {"hub": "aps/super_glue", "config": "wic"}}}
    paper, released = (recorded(name, tasks=tasks) for name in ("paper", "released"))
    for chain in (*SCRIPTED, *NO_SCRIPT):
        sides = [found["chains"][chain]["stages"][-1]["settings"] for found in (paper, released)]
        own = {"batch": (16, 8)} if chain == "hellaswag" else {}
        assert differences(*sides) == AT_ALL | OF_STAGES | own, chain
    for task in paper["settings"]["targets"]:
        sides = [found["settings"]["targets"][task] for found in (paper, released)]
        own = {"micro_batch": (None, 4)} if task == "socialiqa" else {}
        assert differences(*sides) == AT_ALL | own, task
    sides = [found["settings"]["generators"]["synthesis_gpt2"] for found in (paper, released)]
    assert differences(*sides) == OF_SYNTHESIS
    sides = [found["settings"]["data"] for found in (paper, released)]
    assert sides[0].keys() == sides[1].keys() == OF_DATA.keys()
    for task, names in OF_DATA.items():
        found = differences(*(side[task] for side in sides))
        assert found.keys() == names, task
    for same in ("grids", "cells", "scores", "models", "axes"):
        assert paper[same] == released[same]


def test_every_difference_has_an_origin_and_says_where_in_both_protocols(recorded):
    for protocol in ("paper", "released"):
        found = recorded(protocol)
        stages = [found["chains"][chain]["stages"][-1]["settings"] for chain in SCRIPTED]
        blocks = [(settings, {**AT_ALL, **OF_STAGES}) for settings in stages]
        blocks.append((found["settings"]["targets"]["rte"], AT_ALL))
        blocks.append((found["settings"]["generators"]["synthesis_gpt2"], OF_SYNTHESIS))
        for settings, differing in blocks:
            for name in differing:
                ((_, origin, _, where),) = settings_of(settings[name])
                assert where
                assert origin == "code" if protocol == "released" else origin != "code"


def test_of_runs_that_no_released_script_makes_all_is_assumed_but_what_the_paper_states(recorded):
    for protocol in ("paper", "released"):
        chains = recorded(protocol)["chains"]
        for chain in NO_SCRIPT:
            origins = {
                name: origin
                for (name,), origin, *_ in settings_of(chains[chain]["stages"][-1]["settings"])
            }
            stated = {name for name, origin in origins.items() if origin == "stated"}
            assert stated == {"lr", "batch", "seed"}
            assert {*origins.values()} == {"stated", "assumed"}, (protocol, chain)


def test_the_released_code_reads_the_original_wic_which_is_missing_until_it_is_put_there(
    recorded, root, config
):
    assert "wic" in recorded("paper")["settings"]["targets"]
    found = recorded("released")
    assert {cell.rsplit("/")[-1] for cell in found["unavailable"]} == {"mednli", "wic"}
    lines = ask({**config, "scale": "paper", "protocol": "released"}, root).unavailable()
    assert any("WiC_dataset.zip" in line and "aps/super_glue" in line for line in lines)


def test_the_optimizer_is_in_the_code_and_the_nucleus_in_section_3(recorded):
    found = recorded("paper")
    recipe = found["chains"]["hellaswag"]["stages"][-1]["settings"]
    assert "run.py" in recipe["optimizer"]["where"] and "code" in recipe["optimizer"]
    top_p = found["settings"]["generators"]["synthesis_gpt2"]["top_p"]
    assert top_p == {"stated": 0.9, "where": "section 3"}
