import pytest

from stilts.errors import UserError
from stilts.question.scale import Scale, load_scale
from stilts.question.settings import Setting


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_every_scale_of_the_project_can_be_read(root, scale):
    found = load_scale(root / "scales", scale)
    assert found.name == scale
    assert bool(found.miniature) == bool(found.label), "made-up data must say so, real data not"


def test_a_scale_multiplies_learning_rates_and_sizes(tmp_path):
    scale = load_scale(write(tmp_path, tiny="lr_factor: 100\nsize_factor: 0.02\n"), "tiny")
    rates = {"lr": Setting([5e-6, 1e-5, 2e-5], "stated"), "batch": Setting([8], "code")}
    assert scale.fit(rates) == {
        "lr": Setting([5e-4, 1e-3, 2e-3], "stated"),
        "batch": Setting([8], "code"),
    }
    assert scale.fit({"lr": Setting(1e-5, "stated", "App. B")}) == {
        "lr": Setting(1e-3, "stated", "App. B")
    }
    assert [scale.size(size) for size in (2000, 10_000, 10, None)] == [40, 200, 1, None]


def test_the_real_scale_changes_nothing(root):
    scale = load_scale(root / "scales", "paper")
    assert scale.fit({"lr": Setting(2e-5, "code")}) == {"lr": Setting(2e-5, "code")}
    assert (scale.size(2000), scale.layers) == (2000, ())


def test_a_scale_extends_another_block_by_block(tmp_path):
    base = "label: a\nlr_factor: 2\nmodels: {m: {path: a}, n: {path: b}}\n"
    top = "extends: base\nlabel: b\nmodels: {m: {path: c}}\nsettings: {all: {epochs: 1}}\n"
    scale = load_scale(write(tmp_path, base=base, top=top), "top")
    assert (scale.label, scale.lr_factor) == ("b", 2)
    assert scale.models == {"m": {"path": "c"}, "n": {"path": "b"}}
    assert scale.layers == ({("all",): {"epochs": Setting(1, "scale")}},)


def test_what_a_scale_says_of_one_study_goes_over_what_it_says_of_all(tmp_path):
    text = """
lr_factor: 100
settings: {all: {epochs: 1}}
studies:
  mine: {lr_factor: 1, size_factor: 0.5, settings: {targets: {epochs: 2}}}
"""
    scale = load_scale(write(tmp_path, tiny=text), "tiny")
    mine, other = scale.of_study("mine"), scale.of_study("other")
    assert (mine.lr_factor, mine.size(10), other.lr_factor, other.size(10)) == (1, 5, 100, 10)
    general = {("all",): {"epochs": Setting(1, "scale")}}
    assert mine.layers == (general, {("targets",): {"epochs": Setting(2, "scale")}})
    assert other.layers == (general,)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone", "config key 'scale': unknown scale 'gone'; allowed: block, factor, inner"),
        ("odd", "odd.yaml: unknown key 'lr'; allowed: extends, label, lr_factor"),
        ("orphan", "unknown scale 'nobody'; allowed: block, factor, inner"),
        ("wrong", "wrong.yaml, settings.all.epochs: 'lots' is not a whole number from 1"),
        ("study", "study.yaml, studies.mine: unknown key 'lr'; allowed: lr_factor, "),
        ("factor", "factor.yaml: lr_factor is 'fast', which is not a number above 0"),
        ("block", "block.yaml, studies: expected a block, found 5"),
        ("inner", "inner.yaml, studies.mine, settings.all: unknown setting 'epoch'; allowed: "),
    ],
)
def test_a_wrong_scale_is_refused_with_what_is_allowed(tmp_path, name, said):
    write(
        tmp_path,
        odd="lr: 1\n",
        orphan="extends: nobody\n",
        wrong="settings: {all: {epochs: lots}}\n",
        study="studies: {mine: {lr: 1}}\n",
        factor="lr_factor: fast\n",
        block="studies: 5\n",
        inner="studies: {mine: {settings: {all: {epoch: 1}}}}\n",
    )
    with pytest.raises(UserError) as caught:
        load_scale(tmp_path, name)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_scale_takes_as_many_seeds_of_a_studys_grid_as_it_says():
    grid = {"seed": Setting([3, 1, 2], "stated"), "lr": Setting([0.1], "stated")}
    assert Scale("s", seeds=2).fewer(grid)["seed"] == Setting([3, 1], "stated")
    assert Scale("s", seeds=9).fewer(grid) == Scale("s").fewer(grid) == grid
    assert Scale("s", seeds=2).fewer({"lr": grid["lr"]}) == {"lr": grid["lr"]}
