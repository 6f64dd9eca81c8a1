"""What was found so far, as one page that is whole whenever it is read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.table import Table
from stilts.files.manifest import write_atomic

WAITING, AT_WORK, DONE = "not begun", "at work", "done"
TOY = (
    "**A toy: tiny shapes, to prove that the script runs. No number here says anything about"
    " anything.**"
)


@dataclass
class Section:
    """One part: its table as far as it has come, and what is missing from it.

    state: WAITING, AT_WORK, DONE, or in words how it ended.
    """

    title: str
    state: str = WAITING
    took: str = ""
    note: str = ""
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def take(self, kind: str, value: Any) -> None:
        """Take in what a part tells; see `benchmarks.gpu.part.Teller`."""
        match kind:
            case "table":
                self.header, self.note = value["header"], value["note"]
            case "row":
                self.rows.append([_cell(cell) for cell in value])
            case "left_out" | "warned" | "failed":
                getattr(self, kind).append(_cell(value))

    def __str__(self) -> str:
        """Return the section as Markdown."""
        body = f"## {self.title}\n"
        if self.header:
            body = str(Table(self.title, self.header, self.rows, self.note))
        lines = [f"- FAILED: {text}" for text in self.failed]
        lines += [f"- left out: {text}" for text in self.left_out]
        lines += [f"- warned: {text}" for text in self.warned]
        if lines:
            body += "\n" + "\n".join(lines) + "\n"
        return f"{body}\n{self._end()}\n"

    def _end(self) -> str:
        if self.state == DONE:
            return f"Took {self.took}."
        return f"**{self.state[0].upper()}{self.state[1:]}.**"


@dataclass
class Report:
    """The page: the machine, how far it has come, and a section for each part."""

    path: Path
    toy: bool
    sections: list[Section]
    facts: list[str] = field(default_factory=list)
    state: str = AT_WORK

    def write(self) -> None:
        """Put the page in its place; a reader sees the page before or this one, never a half."""
        write_atomic(self.path, str(self))

    @property
    def failures(self) -> int:
        """How much went wrong."""
        return sum(len(section.failed) for section in self.sections)

    @property
    def omissions(self) -> int:
        """How much was left out."""
        return sum(len(section.left_out) for section in self.sections)

    def __str__(self) -> str:
        """Return the page as Markdown."""
        facts = [*self.facts, f"state: {self.state}; {self.count()}"]
        head = ["# On a GPU\n", "Written by `make gpu`.\n", *([f"{TOY}\n"] if self.toy else [])]
        head += ["\n".join(f"- {_cell(fact)}" for fact in facts) + "\n"]
        return "\n".join([*head, *map(str, self.sections)])

    def count(self) -> str:
        """Return in words how much failed and how much is missing."""
        return f"{self.failures} failed, {self.omissions} left out"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
