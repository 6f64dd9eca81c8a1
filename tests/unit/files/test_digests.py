import hashlib
import os

from stilts.files import digests
from stilts.files.digests import Digests


def test_a_file_is_read_again_only_where_size_or_time_differ(tmp_path, monkeypatch):
    read = []
    real = digests.sha256_of
    monkeypatch.setattr(digests, "sha256_of", lambda path: read.append(path) or real(path))
    path, cache = tmp_path / "a", tmp_path / "cache.json"
    path.write_bytes(b"one")
    wanted = hashlib.sha256(b"one").hexdigest()
    assert Digests(cache).of(path) == Digests(cache).of(path) == wanted
    assert len(read) == 1
    os.utime(path, ns=(1, 1))
    assert Digests(cache).of(path) == wanted and len(read) == 2
    path.write_bytes(b"two")
    assert Digests(cache).of(path) == hashlib.sha256(b"two").hexdigest()


def test_what_is_out_of_reach_is_what_it_was_last(tmp_path):
    path, cache = tmp_path / "a", tmp_path / "cache.json"
    assert Digests(cache).of_all("mine", [path]) == {path.as_posix(): None}, "never seen"
    path.write_bytes(b"one")
    seen = Digests(cache).of_all("mine", [path])
    path.unlink()
    assert Digests(cache).of_all("mine", [path]) == seen == Digests(cache).of_all("mine", None)
    assert Digests(cache).of_all("mine", []) == {}, "it is made of no file now"


def test_a_damaged_cache_costs_a_second_look_only(tmp_path):
    path, cache = tmp_path / "a", tmp_path / "cache.json"
    path.write_bytes(b"one")
    cache.write_text("{")
    assert Digests(cache).of(path) == hashlib.sha256(b"one").hexdigest()
