"""What a shell, a notebook or another clone leaves in the environment changes no result."""

import json


def test_jobs_run_the_code_of_this_folder_whatever_is_on_the_path(fresh, tmp_path, monkeypatch):
    other = tmp_path / "other/stilts"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit('the other clone')\n")
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    file = "results/smoke/data/rte/manifest.json"
    outcome = fresh.ask(file)
    assert outcome.code == 0, outcome.text
    assert json.loads((fresh.folder / file).read_text())["task"] == "rte"


def test_figures_are_drawn_whatever_backend_a_notebook_wants(project, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    figure = project.folder / "results/smoke/rethinking/figures/figure_2.png"
    figure.unlink()
    outcome = project.ask("figures")
    assert outcome.code == 0, outcome.text
    assert figure.is_file()


def test_a_long_tmpdir_costs_nothing(fresh, tmp_path, monkeypatch):
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    outcome = fresh.ask("results/smoke/models/roberta-large/manifest.json")
    assert outcome.code == 0 and "Traceback" not in outcome.text, outcome.text
    assert list(long.glob("stilts-*")) == []


def test_a_key_that_an_unset_variable_left_empty_is_refused(fresh):
    outcome = fresh.snakemake("-n", mirror="")
    assert outcome.code != 0 and outcome.errors, outcome.text
    assert "config key 'mirror' is " in outcome.errors[0]
