"""Snapshots and encoded splits against a dictionary: any sequence of what can happen to them."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from stilts.commands.prune import Group, delete
from stilts.files import sealed
from stilts.files.store import Store
from stilts.training.snapshot import FILE
from tests.toys.faults import FAULTS, begin_child, calls, end_child, in_a_child
from tests.toys.sequences import SEQUENCES

KEYS = [letter * 64 for letter in "ab"]
VERSIONS = st.integers(1, 50)
SORTS = st.sampled_from(["snapshot", "encoding"])
place_of = st.tuples(SORTS, st.sampled_from(KEYS))
MORE = [(sealed, "save_file")]


def content(version):
    """Return what is written: another for each version."""
    tensors = {"order": torch.arange(version), "weight.0": torch.full((3,), float(version))}
    return tensors, {"step": version}


class AgainstADictionary(RuleBasedStateMachine):
    """`may` holds the versions that a file may have; None is that it is not there or refused."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.may = {(sort, key): {None} for sort in ("snapshot", "encoding") for key in KEYS}

    def teardown(self):
        shutil.rmtree(self.folder)

    def path(self, place):
        sort, key = place
        folder = self.store.snapshot(key) / FILE
        return folder if sort == "snapshot" else self.store.encoding(key)

    def write(self, place, version):
        sealed.write(self.path(place), place[1], *content(version))

    @rule(place=place_of, version=VERSIONS)
    def put(self, place, version):
        self.write(place, version)
        self.may[place] = {version}

    @rule(place=place_of)
    def get(self, place):
        found = None
        if self.path(place).is_file():
            try:
                tensors, record = sealed.read(self.path(place), place[1])
            except sealed.ERRORS:
                pass
            else:
                found = record["step"]
                wanted, told = content(found)
                assert tensors.keys() == wanted.keys()
                assert all(torch.equal(tensors[name], wanted[name]) for name in wanted)
                assert record == {"key": place[1], **told}
        assert found in self.may[place], (found, self.may[place])
        self.may[place] = {found} if found else self.may[place]

    @rule(place=place_of, version=VERSIONS, back=st.integers(1, 900), bit=st.integers(0, 7))
    def flip_a_bit(self, place, version, back, bit):
        """Counted from the end, where the numbers are; the header is the library's to judge."""
        self.put(place, version)
        held = bytearray(self.path(place).read_bytes())
        held[-min(back, len(held))] ^= 1 << bit
        self.path(place).write_bytes(held)
        self.may[place] |= {None}
        self.get(place)

    @rule(place=place_of, part=st.floats(0, 1, exclude_max=True))
    def cut_off(self, place, part):
        path = self.path(place)
        if path.is_file():
            os.truncate(path, int(part * path.stat().st_size))
            self.may[place] |= {None}

    @rule(place=place_of)
    def lose(self, place):
        self.path(place).unlink(missing_ok=True)
        self.may[place] = {None}

    @rule(sort=SORTS, key=st.sampled_from(KEYS), version=VERSIONS)
    def take_for_another(self, sort, key, version):
        """A file of another key lies under this one's name: it is no one's."""
        other = next(each for each in KEYS if each != key)
        self.put((sort, other), version)
        self.path((sort, key)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path((sort, other)), self.path((sort, key)))
        self.may[sort, key] = {None}
        self.get((sort, key))

    @rule(place=place_of, version=VERSIONS, at=st.integers(0, 10), fault=st.sampled_from(FAULTS))
    def die_while_writing(self, place, version, at, fault):
        def broken():
            with calls(MORE, at=at, fault=fault):
                self.write(place, version)

        status = in_a_child(broken)
        self.may[place] = {version} if status == 0 else self.may[place] | {version}

    @rule(place=place_of, versions=st.tuples(VERSIONS, VERSIONS))
    def two_write_at_once(self, place, versions):
        writers = [begin_child(lambda v=v: self.write(place, v)) for v in versions]
        assert [end_child(writer) for writer in writers] == [0, 0]
        self.may[place] = set(versions)

    @rule(key=st.sampled_from(KEYS))
    def discard_the_snapshot(self, key):
        self.store.discard_snapshot(key)
        self.may["snapshot", key] = {None}

    @rule(place=place_of)
    def prune(self, place):
        path = self.path(place)
        gone = [path.parent if place[0] == "snapshot" else path]
        delete([Group(place[0], [each for each in gone if each.exists()], 0)])
        self.may[place] = {None}


TestSealed = pytest.mark.usefixtures("elsewhere")(AgainstADictionary.TestCase)
TestSealed.settings = SEQUENCES
