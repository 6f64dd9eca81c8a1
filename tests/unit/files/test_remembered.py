"""Fingerprints that are worked out once."""

from stilts.files.remembered import Remembered, sources


class Counted:
    """Finds a fingerprint, and how often somebody asked it to."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return "found"


def test_a_fingerprint_is_worked_out_once_for_all_processes_while_no_source_changes(tmp_path):
    find, folder = Counted(), tmp_path / ".snakemake/known"
    folder.parent.mkdir()
    for _ in range(2):
        assert Remembered(folder, lambda: "one").of("a b", find) == "found"
    assert find.times == 1
    Remembered(folder, lambda: "one").of("a", find)
    Remembered(folder, lambda: "two").of("a b", find)
    assert find.times == 3
    assert [file.name for file in folder.iterdir()] == ["two.json"], "older sources are gone"


def test_a_fingerprint_of_sources_that_were_edited_meanwhile_is_not_remembered(tmp_path):
    states = iter(["before", "after"])
    (tmp_path / "known").mkdir()
    assert Remembered(tmp_path / "known", lambda: next(states)).of("a", Counted()) == "found"
    assert list((tmp_path / "known").iterdir()) == []


def test_a_fingerprint_is_remembered_nowhere_but_beside_what_snakemake_keeps(tmp_path):
    assert Remembered(tmp_path / ".snakemake/known", lambda: "one").of("a", Counted()) == "found"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_worked_out_again(tmp_path):
    (tmp_path / "known").mkdir()
    (tmp_path / "known/one.json").write_text("{")
    assert Remembered(tmp_path / "known", lambda: "one").of("a", Counted()) == "found"
    assert Remembered(tmp_path / "known", lambda: "one").of("a", None) == "found"


def test_sources_are_others_when_any_byte_or_place_of_them_is(tmp_path):
    found = []
    (tmp_path / "package/sub").mkdir(parents=True)
    (tmp_path / "scripts").mkdir(parents=True)

    def now():
        return sources(tmp_path, "package", "scripts")

    for name, text in (("package/a.py", "1"), ("package/a.py", "2"), ("scripts/b.py", "2")):
        (tmp_path / name).write_text(text)
        found.append(now())
    (tmp_path / "package/a.py").rename(tmp_path / "package/sub/a.py")
    found.append(now())
    assert len(set(found)) == 4
    (tmp_path / "package/notes.txt").write_text("no code")
    assert now() == found[-1]
