import pytest
import yaml

from stilts.commands.skeleton import main
from stilts.question.ask import ask
from tests.conftest import copy_questions


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Where the reader stands, with two files of data."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "validation"):
        lines = ["report,question,answer"]
        lines += [
            f"Rain falls on day {n}.,Is it raining?,{'yes' if n % 2 else 'no'}" for n in range(8)
        ]
        (tmp_path / f"{split}.csv").write_text("\n".join(lines))
    return tmp_path


def test_what_is_written_can_be_asked_as_it_is(desk, config, capsys):
    main(["mine", "train=train.csv", "validation=validation.csv"])
    assert "mine.yaml: read and correct it, then: snakemake" in capsys.readouterr().out
    root = copy_questions(desk / "project")
    question = ask({**config, "studies": ["mine.yaml"]}, root)
    plan = question.plans["mine"]
    assert {cell.target for cell in plan.cells} == {"mine-task"}
    assert plan.catalogue.tasks["mine-task"].labels == ("no", "yes")
    assert all(len(points) == 6 for points in plan.points.values())


def test_without_data_it_asks_of_a_task_of_the_catalogue(desk, config):
    main(["mine"])
    question = ask({**config, "studies": ["mine.yaml"]}, copy_questions(desk / "project"))
    assert {cell.target for cell in question.plans["mine"].cells} == {"rte"}


def test_it_says_from_where_and_from_which_columns_it_guessed(desk):
    main(["mine", "train=train.csv", "validation=validation.csv"])
    text = (desk / "mine.yaml").read_text()
    assert "# Guessed from train.csv, 8 rows" in text
    assert "# Columns: report, question, answer" in text
    source = yaml.safe_load(text)["tasks"]["mine-task"]["source"]
    assert source == {"files": {"train": "train.csv", "validation": "validation.csv"}}


def test_where_nothing_is_there_to_be_scored_on_a_tenth_is_set_aside(desk, config):
    main(["mine", "train=train.csv"])
    source = yaml.safe_load((desk / "mine.yaml").read_text())["tasks"]["mine-task"]["source"]
    assert source["divide"] == {"validation": 0.1, "seed": 42}
    assert ask({**config, "studies": ["mine.yaml"]}, copy_questions(desk / "project"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["My study"], "NAME: 'My study' becomes part of paths"),
        (["mine", "train.csv"], "'train.csv': write split=file"),
        (["mine", "validation=validation.csv"], "'train=' is missing among the files"),
        (["mine", "train=train.csv", "--hub", "a/b"], "give files or --hub, not both"),
        (["mine", "train=gone.csv"], "gone.csv does not exist"),
        (["there"], "there.yaml is there: delete it, or give another NAME"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(desk, words, said):
    (desk / "there.yaml").write_text("mine: kept\n")
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert str(caught.value).startswith("error: ") and said in str(caught.value)
    assert sorted(path.name for path in desk.glob("*.yaml")) == ["there.yaml"]
    assert (desk / "there.yaml").read_text() == "mine: kept\n"
