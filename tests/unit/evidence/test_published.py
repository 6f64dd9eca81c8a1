import pytest

from stilts.errors import UserError
from stilts.evidence.published import load, load_inconsistencies, printed, slug
from tests.toys.invented_results import MODEL, STUDY, report

FILE = STUDY / "published.csv"


def _ours(rows: list, **wanted: str) -> list[str]:
    """Return one column of ours for the printed numbers of some kind."""
    table, name = load(FILE, rows), wanted.pop("name")
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table[f"our {name}"].tolist()


def test_loading_keeps_text_and_refuses_other_columns(tmp_path):
    table = load(FILE)
    assert "40k" in set(table["value"])
    assert "None" in set(table["intermediate"])
    (tmp_path / "published.csv").write_text("paper,value\nx,1\n")
    with pytest.raises(UserError, match="the columns are paper, value; expected paper, table"):
        load(tmp_path / "published.csv")


def test_inconsistencies_are_text_and_other_columns_are_refused(tmp_path):
    assert len(load_inconsistencies(STUDY / "inconsistencies.csv")) == 17
    (tmp_path / "inconsistencies.csv").write_text("where,what\nx,1\n")
    with pytest.raises(UserError, match="the columns are where, what; expected where, check"):
        load_inconsistencies(tmp_path / "inconsistencies.csv")


def test_a_printed_name_without_an_entry_is_ours_by_its_slug():
    assert slug("Synthesis_GPT2") == "synthesis-gpt2"
    assert set(_ours([], name="chain", intermediate="Hella-sh")) == {"hella-sh"}
    assert set(_ours([], name="target", target="WinoGrande_M")) == {"winogrande-m"}
    assert set(_ours([], name="model", table="Table 1")) == {""}  # printed of no model


def test_an_entry_names_ours_of_every_number_that_fits_and_a_later_one_wins():
    rows = [
        {"printed": {"target": ["RTE", "WiC"]}, "ours": {"chain": "none", "measure": "best"}},
        {"printed": {"target": "WiC", "table": "Table 3"}, "ours": {"measure": "mean"}},
    ]
    assert set(_ours(rows, name="measure", target="RTE")) == {"best"}
    assert set(_ours(rows, name="measure", target="WiC", table="Table 2")) == {"best"}
    assert set(_ours(rows, name="measure", target="WiC", table="Table 3")) == {"mean"}
    assert set(_ours(rows, name="chain", target="WiC", table="Table 3")) == {"none"}
    assert set(_ours(rows, name="measure", target="MedNLI")) == {""}


@pytest.mark.parametrize(
    "entry, match",
    [
        ({"printed": {"target": "RTE"}}, "entry 1: write {printed"),
        ({"printed": {"aim": "RTE"}, "ours": {}}, "unknown name in 'printed' 'aim'; allowed: int"),
        ({"printed": {"target": "RTE"}, "ours": {"goal": ""}}, "unknown name in 'ours' 'goal'"),
        (
            {"printed": {"target": "SST"}, "ours": {}},
            "no line of published.csv has .'target': 'SST'",
        ),
    ],
)
def test_an_entry_with_a_mistake_is_one_line(entry, match):
    with pytest.raises(UserError, match=match) as found:
        load(FILE, [entry])
    assert "\n" not in str(found.value)


def test_a_printed_value_is_found_by_the_names_of_ours():
    published = load(FILE, report()["rows"])
    rte = {"chain": "none", "target": "rte"}
    assert printed(published, "Table 2", MODEL, **rte, statistic="best_of_36") == "85.6"
    assert printed(published, "Table 2", MODEL, **rte, statistic="pruksachatkun_2020") == "83.5"
    assert printed(published, "Table 2", MODEL, **rte | {"chain": "cola"}, measure="best") == "–"
    removed = {"chain": "hellaswag", "target": "hellaswag-p"}
    assert printed(published, "text 4.2", MODEL, **removed, measure="score") == "65.0"


def test_a_value_printed_of_a_model_is_of_no_other_and_one_of_none_of_any():
    published = load(FILE, report()["rows"])
    cell = {"chain": "none", "target": "rte", "statistic": "best_of_36"}
    assert printed(published, "Table 2", "bert-base", **cell) == "–"
    assert printed(published, "Table 1", "bert-base", target="rte", measure="train_size") == "2.4k"
