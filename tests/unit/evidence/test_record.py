import yaml

from stilts.evidence.record import values, with_rows
from stilts.question.ask import ask
from stilts.question.record import record
from tests.toys import invented_results

ORIGINS = {"stated", "code", "assumed", "scale", "config", "chain"}
RECORD = {
    "axes": {"lr": [1e-5, 2e-5]},
    "settings": {"top_p": {"stated": 0.9, "where": "App. B.1"}, "mix": {"assumed": None}},
    "chains": {
        "none": {"stages": []},
        "a-1.11": {"stages": [{"tasks": ["a-1.11"], "size": None, "lr": {"scale": 0.1}}]},
        "a-1.11+b": {
            "stages": [
                {"tasks": ["a-1.11"], "size": None, "lr": {"scale": 0.1}},
                {"tasks": ["b", "c"], "size": 30, "lr": {"code": 0.2}},
            ]
        },
    },
}


def test_a_path_leads_to_a_setting_without_its_origin_and_to_the_items_of_a_list():
    assert values(RECORD, "settings.top_p") == [0.9]
    assert values(RECORD, "settings.mix") == [None]
    assert values(RECORD, "axes.lr") == [1e-5, 2e-5]


def test_a_star_stands_for_all_and_equal_values_stand_once():
    assert values(RECORD, "chains.*.stages.*.lr") == [0.1, 0.2]
    assert values(RECORD, "chains.*.stages.-1.lr") == [0.1, 0.2]
    assert values(RECORD, "chains.*.stages.0.lr") == [0.1]


def test_equal_items_of_one_list_are_all_kept():
    assert values({"betas": {"code": [0.9, 0.9]}}, "betas") == [0.9, 0.9]


def test_a_name_with_dots_is_a_key_like_any_other():
    assert values(RECORD, "chains.a-1.11.stages.0.lr") == [0.1]
    assert values(RECORD, "chains.a-1.11+b.stages.1.lr") == [0.2]


def test_a_path_that_leads_nowhere_gives_nothing():
    for path in ("axes.batch", "chains.none.stages.0.lr", "axes.lr.first", "settings.top_p.x.y"):
        assert values(RECORD, path) == []


def test_a_stage_saw_its_size_of_each_task_or_all_that_a_smaller_one_has():
    sizes = {"a-1.11": 100, "b": 20, "c": 50}
    manifests = {task: {"splits": {"train": {"rows": rows}}} for task, rows in sizes.items()}
    found = with_rows(RECORD, manifests)
    assert values(found, "chains.a-1.11+b.stages.*.rows") == [100, 20 + 30]
    del manifests["c"]
    assert values(with_rows(RECORD, manifests), "chains.a-1.11+b.stages.1.rows") == [None]


def _places(node: object, chain: str = "") -> set[str]:
    """Return the keys that lead to each leaf, settings without their origins, `chain` to end in."""
    if isinstance(node, dict) and node.keys() - {"where"} <= ORIGINS:
        return {chain}
    if isinstance(node, dict):
        return {place for key in node for place in _places(node[key], f"{chain}.{key}")} or {chain}
    if isinstance(node, list) and node and isinstance(node[0], dict):
        return {place for item in node for place in _places(item, f"{chain}[]")}
    return {chain}


def test_the_invented_record_holds_nothing_that_a_real_one_lacks():
    config = yaml.safe_load((invented_results.ROOT / "config.yaml").read_text())
    real = record(ask({**config, "scale": "mini", "studies": ["rethinking"]}))
    invented = invented_results.record()
    apart = []
    for known in (real, invented):  # the invented study runs more cells, and none apart
        cells = known["studies"]["rethinking"].pop("cells")
        assert cells["roberta-large"]["none"]["rte"] == 36
        apart.append(set(known["studies"]["rethinking"].pop("apart")))
        assert isinstance(known["studies"]["rethinking"].pop("hidden"), dict)
    assert apart[0] == apart[1], "but it knows of the same sweeps"
    assert _places(invented) - _places(real) == set()
