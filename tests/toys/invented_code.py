"""An invented project of a few lines, to take fingerprints of."""

import textwrap

from stilts.files.fingerprint import Fingerprints


class InventedCode:
    """A project's folder, with files that can be written, edited and moved."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    def move(self, old, new):
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(self.folder / new)

    def fingerprint(self, *entries):
        # A new one each time: it remembers what it has read.
        return Fingerprints(self.folder).fingerprint(*entries)

    def fingerprints(self, *entries):
        taken = Fingerprints(self.folder)
        return [taken.fingerprint(entry) for entry in entries]

    def reached(self, *entries):
        return Fingerprints(self.folder).reached(*entries)
