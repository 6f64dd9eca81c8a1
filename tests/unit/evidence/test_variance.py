"""Where a variance comes from: against least squares, known components, and runs made by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence.comparisons.latin import latin_square, spread
from stilts.evidence.parts import of_sweeps, shown
from stilts.evidence.results import BEHIND
from stilts.evidence.tables import controls, variance
from tests.toys.invented_results import MODEL, inputs

N = 5
LETTERS = np.add.outer(np.arange(N), np.arange(N)) % N


def drawn(random, rows, columns, letters, rest):
    sides = [random.normal(0, std, N) for std in (rows, columns, letters)]
    table = sides[0][:, None] + sides[1] + sides[2][LETTERS]
    return table + random.normal(0, rest, (N, N))


def test_the_components_are_those_of_least_squares():
    table = drawn(np.random.default_rng(1), 2.0, 1.5, 1.0, 0.5)
    places = {"rows": np.repeat(range(N), N), "columns": np.tile(range(N), N)}
    places["letters"] = LETTERS.ravel()

    def left(*sources):
        dummies = [np.eye(N)[places[source]] for source in sources]
        design = np.hstack([np.ones((N * N, 1)), *dummies])
        fitted = design @ np.linalg.lstsq(design, table.ravel(), rcond=None)[0]
        return ((table.ravel() - fitted) ** 2).sum()

    found, rest = latin_square(table, LETTERS), left(*places) / 12
    assert found["rest"].value == pytest.approx(rest)
    for source in places:
        square = (left(*(other for other in places if other != source)) - 12 * rest) / 4
        assert found[source].value == pytest.approx(max(square - rest, 0) / N), source


@pytest.mark.parametrize("stds", [(1, 1, 1, 1), (2, 0.5, 0, 1), (0, 0, 0, 1)])
def test_the_intervals_hold_the_components_as_often_as_promised(stds):
    random, held = np.random.default_rng(2), []
    for _ in range(700):
        found = latin_square(drawn(random, *stds), LETTERS).values()
        truths = [std**2 for std in stds]
        held.append([p.low <= at <= p.high for p, at in zip(found, truths, strict=True)])
    shares = np.mean(held, axis=0)
    assert (shares > 0.925).all() and (shares < 0.995).all()  # within three standard errors


def test_what_is_no_latin_square_is_refused():
    with pytest.raises(ValueError, match="no Latin square"):
        latin_square(np.zeros((3, 3)), np.zeros((3, 3), int))


def test_one_mean_square_has_the_interval_of_chi_square():
    part = spread(4.0, 4)
    assert (part.low, part.high) == pytest.approx((16 / 11.143287, 16 / 0.484419), rel=1e-5)


# From run files

SEEDS = [42, 1, 2, 3, 4]
POINT = "lr1e-05_bs16_wu0.2_s{}_os{}"


def runs(chain_effects, seed_effects, order_effects):
    rows = []
    for row, walk in enumerate(SEEDS):
        for column, seed in enumerate(SEEDS):
            letter = (row + column) % N
            score = 0.7 + chain_effects[row] + seed_effects[column] + order_effects[letter]
            rows.append(
                {"model": MODEL, "chain": f"hellaswag-p^{walk}", "target": "rte", "seed": seed}
                | {"point": POINT.format(seed, SEEDS[letter]), "score": score}
                | {"metric": "accuracy", "n_validation": 400}
            )
    return pd.DataFrame(rows)


@pytest.fixture
def study():
    plain = inputs()
    table = runs(np.arange(N) / 50, np.zeros(N), np.zeros(N))
    none = [
        dict(table.iloc[place]) | {"chain": "none", "point": POINT.format(seed, seed)}
        for place, seed in enumerate(SEEDS)
    ]
    more = pd.concat([table, pd.DataFrame(none)])
    cells = {}
    for row in more.itertuples():
        cells.setdefault(row.chain, {}).setdefault(row.target, []).append(row.point)
    question = {**plain.question, "apart": {"seeds": {MODEL: cells}}, "hidden": {MODEL: cells}}
    everything = pd.concat([plain.runs, more], ignore_index=True)
    return replace(plain, question=question, runs=everything, everything=everything)


def test_runs_that_stand_apart_are_in_no_other_cell(study):
    left = replace(study, runs=shown(study)).of_model(MODEL)
    assert len(left.cell("none", "rte")) == 36 and not len(left.cell("hellaswag-p^1", "rte"))
    part = of_sweeps(left, ["seeds"]).of_model(MODEL)
    assert len(part.cell("none", "rte")) == 5 == part.expected("none", "rte")
    assert len(part.cell("hellaswag-p", "rte")) == 25 == part.expected("hellaswag-p", "rte")


def test_an_unknown_sweep_is_refused(study):
    with pytest.raises(UserError, match="unknown sweep 'sedes'; allowed: seeds"):
        of_sweeps(study, ["sedes"])


def test_the_table_names_the_one_source_that_moves_the_runs(study):
    spec = {"chains": ["none", "hellaswag-p"], "targets": ["rte"], "sweeps": ["seeds"]}
    table = variance.build(study, spec).set_index(["Intermediate", "Source"])
    apart = 100 * np.arange(N).std(ddof=1) / 50
    row = table.loc[("HellaSwag-p", "intermediate seed")]
    assert (row["Std"], row["Share"], row["n"]) == (f"{apart:.1f}", "100", "25")
    for source in ("target seed", "order", "interactions"):
        assert table.loc[("HellaSwag-p", source), "Std"] == "0.0"
    assert table.loc[("None", "target seed and order, together"), "n"] == "5"
    examples = table.loc[("HellaSwag-p", "examples")]
    mean = 0.7 + np.arange(N).mean() / 50
    assert examples["Std"] == f"{100 * np.sqrt(mean * (1 - mean) / 400):.1f}"
    assert examples["Share"] == "–"
    behind = variance.build(study, spec).attrs[BEHIND]
    assert behind[0] == [f"runs/{MODEL}/none/rte"]
    assert behind[-1] == [f"runs/{MODEL}/hellaswag-p^{seed}/rte" for seed in SEEDS]


def test_a_lost_run_leaves_no_square(study):
    lost = study.everything.copy()
    lost.loc[lost["chain"] == "hellaswag-p^2", "score"] = np.nan
    spec = {"chains": ["hellaswag-p"], "targets": ["rte"], "sweeps": ["seeds"]}
    (row,) = variance.build(replace(study, everything=lost), spec).to_dict("records")
    assert row["Source"] == "not available" and row["n"] == "20/25"


def test_a_control_is_compared_at_the_points_that_all_sides_have(study):
    spec = {
        "sweeps": ["seeds"],
        "chains": {"hellaswag-p^1": {"of": "hellaswag-p^42", "asks": "?", "targets": ["rte"]}},
        "targets": ["rte", "wic"],
    }
    table = controls.build(study, spec)
    assert table["Target"].tolist() == ["RTE"], "its own targets only"
    assert table["n"].tolist() == ["0"], "another seed meets other orders"
