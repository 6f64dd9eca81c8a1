"""A short soak, and whether a soak would see what must not happen."""

import pytest

from tests.slurm.soak.record import judge, page, spread, table
from tests.slurm.soak.rounds import Round, Soak, Struck
from tests.slurm.soak.watch import Watch, Work
from tests.slurm.workflow import QUESTION as ONE
from tests.slurm.workflow import results

QUESTION = {
    **ONE,
    "only": {**ONE["only"], "grid": {**ONE["only"]["grid"], "seed": [1, 2, 3, 4]}},
    "settings": {"targets": {"epochs": 160}},
    "trials_per_job": 2,
    "snapshot_minutes": 0.05,
}
KEY = "0123456789abcde"


def test_random_faults_lose_no_trial_train_none_twice_and_change_no_byte(
    running_cluster, cluster, prepared, tmp_path
):
    project = prepared.copy_to(tmp_path / "undisturbed")
    outcome = project.snakemake("runs", **QUESTION)
    assert outcome.code == 0, outcome.text
    soak = Soak(cluster, prepared, QUESTION, tmp_path, gap=3.0, seed=7)
    soak.last(minutes=0.75)
    verdict = judge(soak, results(project))
    assert verdict.good, verdict
    assert len(soak.faults) >= 3, table(soak)
    assert all(found.trials == 4 for found in soak.rounds)


@pytest.fixture
def watch(tmp_path):
    """A watch on a store that the test itself writes; it looks only when told."""
    watch = Watch(tmp_path)
    watch._over.set()
    watch._thread.join()
    return watch


def store(watch: Watch, written: int) -> None:
    path = watch.store / f"trials/01/{KEY}fff/result.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(written))
    watch._look()


def test_a_trial_that_is_stored_again_counts_as_trained_twice_unless_it_was_damaged(watch):
    store(watch, 1)
    assert watch.twice() == []
    store(watch, 2)
    assert watch.twice() == [KEY]
    watch.damaged[KEY] = 1
    assert watch.twice() == []


def test_a_trial_that_is_trained_while_it_lies_in_the_store_counts_as_trained_twice(watch):
    watch.works = [Work(KEY, 5, 1.0, 2.0, again=True), Work("f" * 15, 6, 1.0, 2.0)]
    assert watch.twice() == [KEY]


def test_a_trial_that_vanishes_from_the_store_is_lost(watch):
    store(watch, 1)
    (watch.store / f"trials/01/{KEY}fff/result.json").unlink()
    watch._look()
    assert watch.gone == {KEY}


def test_what_a_fault_wastes_is_training_done_again_and_the_time_until_it_goes_on(watch):
    killed = Work(KEY, 5, began=100.0, seen=110.0)
    # 4 seconds since the snapshot, 20 until the next process trains.
    watch.works = [killed, Work(KEY, 6, began=130.0, seen=150.0, saved=106.0)]
    assert watch.wasted([killed]) == pytest.approx(24.0)
    # Saved as it ended: nothing is done again.
    watch.works[1].saved = 110.1
    assert watch.wasted([killed]) == pytest.approx(20.0)
    # Without a snapshot all of it is.
    watch.works[1].saved = 0.0
    assert watch.wasted([killed]) == pytest.approx(30.0)
    # Who went on is no victim.
    assert watch.wasted([watch.works[1]]) == 0.0


def test_of_several_faults_that_strike_a_trial_the_last_before_it_stops_counts(watch):
    killed = Work(KEY, 5, began=100.0, seen=110.0)
    watch.works = [killed, Work(KEY, 6, began=130.0, seen=150.0, saved=110.0)]
    soak = Soak(None, None, {}, watch.store, gap=1.0, seed=1)
    soak.watch = watch
    soak.faults = [Struck("controller away", 1, 104.0, [killed])]
    soak.faults += [Struck("trainer killed", 1, 110.0, [killed])]
    assert [soak._wasted(fault) for fault in soak.faults] == [0.0, pytest.approx(20.0)]


class Over:
    """A soak that has been."""

    def __init__(self, files: dict[str, bytes], faults: list[Struck] = ()):
        self.rounds = [Round(2, 1.0, 1, [], [], files)]
        self.faults = list(faults)


def test_a_file_that_is_not_there_is_lost_and_one_of_other_bytes_differs():
    verdict = judge(Over({"a": b"1", "b": b"x"}), {"a": b"1", "b": b"2", "c": b"3"})
    assert verdict.lost == ["round 1: c"]
    assert verdict.differing == ["round 1: b"]
    assert not verdict.good
    assert judge(Over({"a": b"1"}), {"a": b"1"}).good


def test_the_page_of_a_soak_names_what_went_wrong():
    faults = [Struck("trainer killed", 1, 0.0, [], wasted=float(s)) for s in range(1, 21)]
    soak = Over({"a": b"1"}, faults)
    text = page(soak, judge(soak, {"a": b"2"}), 60.0, 1, "make soak")
    assert "- round 1: a" in text
    assert "| trainer killed | 20 | 0 | 10.0 | 19.0 |" in text
    assert "| controller away | 0 | 0 |  |  |" in text
    assert spread([5.0]) == (5.0, 5.0)
