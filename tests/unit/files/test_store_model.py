"""The trial store against a dictionary: any sequence of what can happen to it."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stilts.commands.prune import Group, delete
from stilts.files.store import Store
from tests.toys.faults import FAULTS, begin_child, calls, end_child, in_a_child
from tests.toys.invented_outcome import outcome_of
from tests.toys.sequences import SEQUENCES

KEYS = [letter * 2 + digit * 62 for letter in "ab" for digit in "01"]
FILES = ("result.json", "timing.json", "predictions.parquet")
key_of, file_of = st.sampled_from(KEYS), st.sampled_from(FILES)


def trial(key):
    """Return what a key stands for: the same whenever it is computed."""
    number = KEYS.index(key)
    outcome = outcome_of([number & 1, number >> 1, 1, 0], [0, 0, 1, 1])
    return {**outcome.result, "key": key}, outcome.predictions, {"seconds": number}


class AgainstADictionary(RuleBasedStateMachine):
    """`held` is what must be there, `doubted` what a fault may have left or taken."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store(self.folder)
        self.held, self.doubted = {}, set()

    def teardown(self):
        shutil.rmtree(self.folder)

    @rule(key=key_of)
    def put(self, key):
        self.get(key)  # a job looks before it trains
        if key not in self.held:
            self.store.trials.put(key, *trial(key))
            self.held[key] = trial(key)

    @rule(key=key_of)
    def get(self, key):
        entry = self.store.trials.get(key)
        if key in self.doubted:
            self.doubted.discard(key)
            self.held.pop(key, None)
            if entry:
                self.held[key] = trial(key)
        if key not in self.held:
            assert entry is None
        else:
            result, predictions, timing = self.held[key]
            assert (entry.result, entry.timing) == (result, timing)
            assert entry.predictions.read_bytes() == predictions

    @rule(key=key_of)
    def ask_for_the_time(self, key):
        told = self.store.trials.timing(key)
        if key not in self.doubted:
            assert told == (self.held[key][2] if key in self.held else {})

    @rule(key=key_of, file=file_of, place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def flip_a_bit(self, key, file, place, bit):
        path = self.store.trials.folder(key) / file
        if path.is_file() and (content := bytearray(path.read_bytes())):
            content[int(place * len(content))] ^= 1 << bit
            path.write_bytes(content)
            self._is_spoilt(key)

    @rule(key=key_of, file=file_of, part=st.floats(0, 1, exclude_max=True))
    def cut_a_file_off(self, key, file, part):
        path = self.store.trials.folder(key) / file
        if path.is_file() and (size := path.stat().st_size):
            os.truncate(path, int(part * size))
            self._is_spoilt(key)

    @rule(key=key_of, file=file_of)
    def lose_a_file(self, key, file):
        path = self.store.trials.folder(key) / file
        if path.is_file():
            path.unlink()
            self._is_spoilt(key)

    def _is_spoilt(self, key):
        """What is damaged counts as absent, and a flip that is flipped back as whole."""
        self.doubted.add(key)

    @rule(keep=st.sets(key_of))
    def prune(self, keep):
        gone = [path for path in self.store.trials.folders() if path.name not in keep]
        delete([Group("trials", gone, len(keep))])
        for path in gone:
            self.held.pop(path.name, None)
            self.doubted.discard(path.name)

    @rule(key=key_of, at=st.integers(0, 25), fault=st.sampled_from(FAULTS))
    def die_while_putting(self, key, at, fault):
        def broken():
            with calls(at=at, fault=fault):
                self.store.trials.put(key, *trial(key))

        unheld = key not in self.held and key not in self.doubted
        status = in_a_child(broken)
        if unheld and status == 0:  # it came to no harm, so it must be there
            self.held[key] = trial(key)
        elif unheld:
            self.doubted.add(key)

    @rule(key=key_of)
    def two_put_at_once(self, key):
        self.get(key)
        writers = [begin_child(lambda: self.store.trials.put(key, *trial(key))) for _ in range(2)]
        assert [end_child(writer) for writer in writers] == [0, 0]
        self.held[key] = trial(key)

    @invariant()
    def nothing_is_listed_that_nobody_put(self):
        names = {path.name for path in self.store.trials.folders()}
        assert {name for name in names if len(name) == 64} <= {*self.held} | self.doubted
        assert self.held.keys() - self.doubted <= names


TestStore = pytest.mark.usefixtures("elsewhere")(AgainstADictionary.TestCase)
TestStore.settings = SEQUENCES
