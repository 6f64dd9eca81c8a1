import pytest
import yaml

from stilts.evidence import figures, tables
from stilts.files import plugins
from stilts.question.ask import ask
from stilts.question.paths import Layout
from stilts.question.targets import Targets


@pytest.fixture
def shown(own_root, config, tmp_path):
    def of(**changes):
        content = {
            "models": ["roberta-large"],
            "chains": ["none", "cola"],
            "targets": ["rte", "wic"],
            "grid": {"lr": [1e-5], "seed": [1, 2]},
            "settings": {
                "all": {"epochs": 2, "batch": 16},
                "intermediates": {"lr": 1e-5, "seed": 42},
            },
        }
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(content | changes))
        return Targets(Layout(ask({**config, "studies": [str(path)]}, own_root)))

    return of


def test_every_cell_of_an_own_study_is_in_a_table_and_on_a_figure(shown):
    found = shown()
    table = found.shown("mine", "tables")["cells"]
    figure = found.shown("mine", "figures")["runs"]
    for block in (table, figure):
        assert block["chains"] == ["none", "cola"] and block["targets"] == ["rte", "wic"]


def test_its_kinds_of_tables_and_figures_exist(shown):
    found = shown()
    for kind, package in (("tables", tables), ("figures", figures)):
        named = {block["kind"] for block in found.shown("mine", kind).values()}
        assert named <= set(plugins.names(package.__name__))


def test_many_targets_are_shown_on_pages_of_eight_panels(shown):
    targets = ["rte", "wic", "cola", "mrpc", "qnli", "wnli", "boolq", "mnli", "liar"]
    pages = [
        block["targets"]
        for name, block in shown(targets=targets).shown("mine", "figures").items()
        if name.startswith("runs")
    ]
    assert pages == [targets[:8], targets[8:]]


def test_a_page_of_two_models_has_half_the_targets(shown):
    targets = ["rte", "wic", "cola", "mrpc", "qnli"]
    found = shown(models=["roberta-large", "roberta-base"], targets=targets)
    pages = [
        block["targets"]
        for name, block in found.shown("mine", "figures").items()
        if name.startswith("runs")
    ]
    assert pages == [targets[:4], targets[4:]]


def test_curves_have_two_panels_a_target_and_ask_for_epochs(shown):
    targets = ["rte", "wic", "cola", "mrpc", "qnli"]
    found = shown(targets=targets)
    pages = [
        block for name, block in found.shown("mine", "figures").items() if name.startswith("curves")
    ]
    assert [page["targets"] for page in pages] == [targets[:4], targets[4:]]
    assert found.layout.epochs("mine") in found.collected("mine")
    assert found.layout.asked_epochs("mine", "figures", "curves_1")


def test_three_chains_and_two_targets_are_a_choice_that_is_advised_on(shown):
    many = ["none", "cola", "sst2^1", "sst2^2", "mnli"]
    found = shown(chains=many)
    asked = {"which_estimator", "estimators", "advice"}
    assert asked <= found.shown("mine", "tables").keys() and found.asks("mine", "estimates")
    assert found.layout.estimates("mine") in found.everything()
    for changes in ({"chains": many[:-1]}, {"chains": many, "targets": ["rte"]}):
        few = shown(**changes)
        assert not asked & few.shown("mine", "tables").keys() and not few.asks("mine", "estimates")
        assert not any("estimates" in file or "/features/" in file for file in few.everything())


def test_without_a_baseline_no_gain_is_shown(shown):
    assert "gains" not in shown(chains=["cola"]).shown("mine", "figures")
    assert "gains" in shown().shown("mine", "figures")


def test_what_a_paper_lacks_is_shown_as_a_study_of_ones_own(own_root, config):
    only = {"chains": ["none", "cola"], "targets": ["mrpc"]}
    found = Targets(Layout(ask({**config, "only": only}, own_root)))
    study = config["studies"][0]
    assert list(found.shown(study, "figures")) == ["gains", "runs", "curves"]
    assert found.shown(study, "tables")["cells"]["targets"] == ["mrpc"]


def test_a_part_of_a_paper_keeps_the_papers_figures(own_root, config):
    only = {"chains": ["none", "cola"], "targets": ["wic"]}
    found = Targets(Layout(ask({**config, "studies": ["rethinking"], "only": only}, own_root)))
    assert "figure_2" in found.shown("rethinking", "figures")


def test_a_study_that_only_scores_checkpoints_shows_their_scores(own_root, config, tmp_path):
    content = {
        "models": ["roberta-large"],
        "scores": {"learnt": {"chains": ["none", "cola"], "tasks": ["cola", "rte"]}},
        "settings": {
            "all": {"epochs": 2, "batch": 16},
            "intermediates": {"lr": 1e-5, "seed": 42},
        },
    }
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    found = Targets(Layout(ask({**config, "studies": [str(path)]}, own_root)))
    tables = found.shown("mine", "tables")
    assert set(tables) == {"tasks", "scores", "intermediates"}
    pairs = [(cell["chain"], cell["target"]) for cell in tables["scores"]["cells"]]
    assert set(pairs) == {(chain, task) for chain in ("none", "cola") for task in ("cola", "rte")}
    assert tables["tasks"]["targets"] == ["cola", "rte"]
    assert found.shown("mine", "figures") == {}


def test_checkpoints_that_are_scored_beside_runs_have_a_table_too(shown):
    scores = {"learnt": {"chains": ["sst2"], "tasks": ["sst2"]}}
    tables = shown(scores=scores).shown("mine", "tables")
    assert tables["scores"]["cells"] == [{"chain": "sst2", "target": "sst2"}]
    assert tables["cells"]["chains"] == ["none", "cola"]
    assert tables["intermediates"]["chains"] == ["cola", "sst2"]
