import pytest

from stilts.files.store import Store
from stilts.jobs.train_stage import train_stage
from stilts.machine.handling import Handling
from tests.toys.tiny_jobs import TASKS, data_in, model_in, stage_of


@pytest.fixture(scope="module")
def parents_of_stages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parents")
    for family in ("roberta", "bert"):
        model_in(folder / family, family)
    for task in TASKS:
        data_in(folder / task["name"], task, train=7 if task["name"] == "b" else 10)
    return folder


@pytest.fixture
def make_stage(parents_of_stages, tmp_path):
    """Make a stage on top of a folder; return its folder."""

    def make(name, *tasks, on="roberta", **options):
        spec, parent = stage_of(*tasks, **options), tmp_path / on
        train_stage(
            spec,
            parent=parent if parent.is_dir() else parents_of_stages / on,
            data={
                task["name"]: parents_of_stages / task["name"]
                for task in (*spec["tasks"], *spec["watch"])
            },
            folder=tmp_path / name,
            handling=Handling(),
            store=Store(tmp_path / "store"),
        )
        return tmp_path / name

    return make
