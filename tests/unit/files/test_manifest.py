import hashlib
import json
import os
import stat

import pytest

from stilts.files.manifest import (
    MANIFEST,
    atomic_path,
    digest_of,
    file_digests,
    filled_folder,
    read_manifest,
    sha256_of,
    sha256_of_bytes,
    to_json,
    write_atomic,
    write_manifest,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path):
    write_atomic(tmp_path / "deep" / "er" / "note.txt", "grün\n")
    assert (tmp_path / "deep/er/note.txt").read_bytes() == "grün\n".encode()
    assert names(tmp_path / "deep/er") == ["note.txt"]


def test_a_failure_leaves_the_old_file_and_no_temporary_one(tmp_path):
    target = tmp_path / "note.txt"
    write_atomic(target, "old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half of the n")
        assert target.read_text() == "old"
        raise RuntimeError
    assert target.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    target = tmp_path / "note.txt"
    write_atomic(target, "old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(target, "new")
    assert target.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_a_written_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "note.txt", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "note.txt").stat().st_mode) == 0o640


def test_a_folder_is_filled_at_once_and_its_manifest_moves_last(tmp_path, monkeypatch):
    moved = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (moved.append(b.name), replace(a, b)))
    with filled_folder(tmp_path / "model") as temporary:
        for name in (MANIFEST, "a.bin", "z.bin"):
            (temporary / name).write_text(name)
        assert not (tmp_path / "model" / "a.bin").exists()
    assert moved == ["a.bin", "z.bin", MANIFEST]
    assert names(tmp_path / "model") == ["a.bin", MANIFEST, "z.bin"]


def test_files_of_an_earlier_time_are_no_part_of_a_filled_folder(tmp_path):
    for name in ("a.bin", "heads.bin", MANIFEST, ".timestamp"):
        (tmp_path / name).write_text("old")
    (tmp_path / "kept").mkdir()
    with filled_folder(tmp_path) as temporary:
        (temporary / "a.bin").write_text("new")
        (temporary / MANIFEST).write_text("new")
        assert (tmp_path / "heads.bin").exists(), "not before the new ones are whole"
    assert names(tmp_path) == [".timestamp", "a.bin", "kept", MANIFEST]
    assert (tmp_path / "a.bin").read_text() == (tmp_path / MANIFEST).read_text() == "new"


def test_the_files_of_a_filled_folder_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with filled_folder(tmp_path / "model") as temporary:
            (temporary / "private.bin").write_text("")
            (temporary / "private.bin").chmod(0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model/private.bin").stat().st_mode) == 0o640


def test_a_folder_that_failed_to_fill_stays_as_it_was(tmp_path):
    (tmp_path / "a.bin").write_text("old")
    with pytest.raises(RuntimeError), filled_folder(tmp_path) as temporary:
        (temporary / "a.bin").write_text("new")
        raise RuntimeError
    assert (tmp_path / "a.bin").read_text() == "old"
    assert names(tmp_path) == ["a.bin"]


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    fields = {"b": [1, 2.5, None], "a": {"z": "ü", "y": True}}
    write_manifest(tmp_path, fields)
    text = (tmp_path / MANIFEST).read_text()
    assert read_manifest(tmp_path) == fields == json.loads(text)
    assert text.index('"a"') < text.index('"b"') and text.endswith("}\n")
    assert text == to_json(dict(reversed(fields.items())))


def test_a_missing_manifest_says_that_the_artefact_is_not_whole(tmp_path):
    with pytest.raises(FileNotFoundError, match="not whole: run snakemake again"):
        read_manifest(tmp_path)


def test_a_spoilt_manifest_says_what_to_do(tmp_path):
    (tmp_path / MANIFEST).write_text('{"half": ')
    with pytest.raises(ValueError, match="not valid JSON.*delete it"):
        read_manifest(tmp_path)


def test_digests_are_those_of_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    known = hashlib.sha256(b"abc").hexdigest()
    assert sha256_of(tmp_path / "a") == sha256_of_bytes(b"abc") == known
    (tmp_path / MANIFEST).write_text("{}")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "folder").mkdir()
    assert file_digests(tmp_path) == {"a": known}


def test_the_digest_of_a_record_ignores_the_order_of_its_keys():
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of({"b": [1, 2], "a": 1})
    assert digest_of({"b": [1, 2]}) != digest_of({"b": [2, 1]})
    assert digest_of({"lr": 1e-5}) != digest_of({"lr": 2e-5})


def test_a_record_with_a_number_that_json_lacks_has_no_digest():
    with pytest.raises(ValueError):
        digest_of({"lr": float("nan")})
