import pytest
import yaml

from stilts.errors import UserError
from stilts.question.settings import Setting
from stilts.question.study import load_study
from stilts.question.study_file import find_studies, with_own_blocks

MINE = {
    "models": ["m"],
    "chains": ["none", "a", "a+b"],
    "targets": ["b"],
    "grid": {"lr": [1e-5], "seed": [1, 2]},
    "settings": {
        "all": {"epochs": 3, "batch": {"assumed": 8, "where": "fits the card"}},
        "intermediates": {"lr": 2e-5},
    },
}


@pytest.fixture
def project(tmp_path):
    for name in ("one", "two"):
        (tmp_path / "project/studies" / name).mkdir(parents=True)
        (tmp_path / "project/studies" / name / "study.yaml").write_text("title: A paper\n")
    return tmp_path / "project"


@pytest.fixture
def load(project, tmp_path):
    def write_and_load(**changes):
        content = {key: item for key, item in (MINE | changes).items() if item != "left out"}
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(content))
        return load_study(find_studies(project, [str(path)])[0], "paper")

    return write_and_load


def test_a_name_is_a_folder_of_the_project(project):
    (found,) = find_studies(project, ["two"])
    assert found.path == project / "studies/two/study.yaml"
    assert (found.name, found.own) == ("two", False)


def test_a_file_is_a_study_of_its_own_without_a_report_beside_it(project, tmp_path):
    (tmp_path / "mine.yaml").write_text("models: [m]\n")
    (found,) = find_studies(project, [str(tmp_path / "mine.yaml")])
    assert (found.name, found.folder, found.own) == ("mine", None, True)


def test_a_folder_is_a_study_of_its_own_with_what_lies_in_it(project, tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/study.yaml").write_text("models: [m]\n")
    (found,) = find_studies(project, [str(tmp_path / "ours")])
    assert (found.name, found.folder, found.own) == ("ours", tmp_path / "ours", True)


def test_a_path_is_read_from_where_the_reader_stands(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("models: [m]\n")
    assert find_studies(project, ["mine.yaml"])[0].name == "mine"


def test_the_home_folder_may_be_written_short(project, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yaml").write_text("models: [m]\n")
    assert find_studies(project, ["~/mine.yaml"])[0].path == tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["three"], "unknown study 'three'; allowed: a YAML file, a folder, one, two"),
        (["three.yaml"], "'three.yaml' is neither a YAML file, nor a folder with a study.yaml"),
        (["one.yaml"], "would be a second study 'one': give it another name"),
        (["My Study.yaml"], "becomes part of paths: use a-z"),
        (["mine.yaml", "sub/mine.yaml"], "would be a second study 'mine'"),
    ],
)
def test_a_study_that_cannot_be_found_or_named_is_refused(
    project, tmp_path, monkeypatch, asked, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for file in ("one.yaml", "My Study.yaml", "mine.yaml", "sub/mine.yaml"):
        (tmp_path / file).write_text("models: [m]\n")
    with pytest.raises(UserError) as caught:
        find_studies(project, asked)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_settings_of_an_own_study_are_the_configs_unless_they_say_otherwise(load):
    study = load()
    everywhere = study.layers[0][("all",)]
    assert everywhere["epochs"] == Setting(3, "config")
    assert everywhere["batch"] == Setting(8, "assumed", "fits the card")
    assert study.grid["seed"] == Setting([1, 2], "config")


def test_an_own_study_without_a_title_bears_its_name(load):
    assert load().title == "mine"
    assert load(title="Does it help?").title == "Does it help?"


def test_what_the_last_stage_of_each_chain_learnt_is_scored(load):
    asked = [sweep.pairs() for sweep in load().scores.values()]
    assert asked == [[("a", "a")], [("a+b", "b")]]


def test_scores_that_an_own_study_names_are_taken_as_they_are(load):
    asked = load(scores={"zero_shot": {"chains": ["a"], "tasks": ["b"]}}).scores
    assert {name: sweep.pairs() for name, sweep in asked.items()} == {"zero_shot": [("a", "b")]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grid": "left out"}, "mine.yaml: 'grid' is missing"),
        ({"targets": "left out"}, "sweeps.all: give a block with 'chains' and 'targets'"),
        ({"sweeps": {}}, "give 'chains' and 'targets', or 'sweeps', not both"),
        ({"grid": {"lr": [-1]}}, "mine.yaml, grid, axis 'lr'"),
        ({"grid": {"lr": {"guessed": [1]}}}, "mine.yaml, grid: axis 'lr' is empty"),
        ({"settings": {"all": {"epoch": 3}}}, "mine.yaml, settings.all: unknown setting 'epoch'"),
        ({"chain": ["a"]}, "mine.yaml: unknown key 'chain'; allowed: c"),
    ],
)
def test_a_wrong_study_of_ones_own_is_refused_in_one_line(load, changes, said):
    with pytest.raises(UserError) as caught:
        load(**changes)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_own_study_brings_tasks_and_models_along(project, tmp_path):
    path = tmp_path / "mine.yaml"
    told = {"models": {"m": {"path": "/m"}, "n": None}, "tasks": {"t": {"title": "T", "kind": "k"}}}
    path.write_text(yaml.safe_dump(MINE | told))
    config = {"studies": ["one", str(path)], "models": {}, "tasks": {"t": {"kind": "other"}}}
    laid = with_own_blocks(config, project)
    assert laid["models"] == {"m": {"path": "/m"}}
    assert laid["tasks"] == {"t": {"title": "T", "kind": "other"}}
    study = load_study(find_studies(project, [str(path)])[0], "paper")
    assert study.models == ("m", "n")


def test_two_own_studies_that_differ_about_a_task_are_refused(project, tmp_path):
    for name, title in (("a", "A"), ("b", "B")):
        told = {"tasks": {"t": {"title": title}}}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(MINE | told))
    studies = [str(tmp_path / f"{name}.yaml") for name in "ab"]
    with pytest.raises(UserError, match="b.yaml, tasks.t: another study says otherwise"):
        with_own_blocks({"studies": studies, "models": {}, "tasks": {}}, project)


def test_the_papers_bring_nothing_along(project):
    config = {"studies": ["one"], "models": {"m": {"path": "/m"}}, "tasks": {}}
    assert with_own_blocks(config, project) == config
