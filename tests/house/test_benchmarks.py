import re

import numpy as np
import pytest

from benchmarks import planning
from benchmarks.__main__ import PARTS, main
from benchmarks.peak import operations
from benchmarks.shapes import LENGTHS, examples
from benchmarks.table import side_by_side


@pytest.fixture(autouse=True)
def small_planning(monkeypatch):
    monkeypatch.setattr(planning, "SEEDS", {"planning": (1,)})


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.filterwarnings("ignore")  # the libraries compared with warn of what is meant
def test_every_part_runs_at_toy_size_and_writes_a_table(part, tmp_path, capsys):
    out = tmp_path / "results.md"
    main(["--toy", "--only", part, "--out", str(out)])
    text = out.read_text()
    assert "processor" in text
    assert re.search(r"^## \w+", text, re.MULTILINE)
    header, ruler, *rows = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    assert rows
    assert {row.count("|") for row in rows} == {header.count("|")} == {ruler.count("|")}


def test_an_unknown_part_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "speed"])
    assert "no part 'speed': use planning, page, trainer, sweep" in capsys.readouterr().err


@pytest.mark.parametrize("task", LENGTHS["tasks"])
def test_drawn_lengths_have_the_mean_of_the_real_ones(task):
    encoded = examples(task, 4000, vocabulary=300)
    assert encoded.lengths.mean() == pytest.approx(LENGTHS["tasks"][task]["mean"], rel=0.03)
    assert len(encoded.tokens) == encoded.lengths.sum()
    assert encoded.offsets[-1] + encoded.lengths[-1] == len(encoded.tokens)


def test_operations_are_six_per_weight_and_token_and_attention():
    shape = {"num_hidden_layers": 2, "hidden_size": 8}
    assert operations(shape, [3]) == 6 * (12 * 2 * 64) * 3 + 12 * 2 * 8 * 9
    assert operations(shape, [3, 3]) == 2 * operations(shape, [3])


def test_contenders_take_turns():
    calls = []
    times = iter([1.0, 10.0, 3.0, 30.0, 2.0, 20.0])

    def contender(name):
        return lambda: calls.append(name) or [next(times)]

    found = side_by_side({"a": contender("a"), "b": contender("b")}, rounds=3)
    assert calls == ["a", "b"] * 3
    assert found == {"a": 2.0, "b": 20.0}
    assert isinstance(found["a"], float) and np.isfinite(found["a"])
