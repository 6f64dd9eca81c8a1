"""The error a reader can act on: one line with the value, the place and the remedy."""

LONGEST, END = 1200, 400  # characters of a line that can be read, and of those its end: the remedy
VALUE = 160  # characters of a value that are shown


class UserError(ValueError):
    """A mistake in config, catalogue, study or data; its text is one complete line.

    What a file holds may be in it, so control characters are escaped, and a line that is too long
    to read loses its middle.
    """

    def __init__(self, message: str):
        line = "".join(part if part.isprintable() else repr(part)[1:-1] for part in message)
        if len(line) > LONGEST:
            line = f"{line[: LONGEST - END]} […] {line[-END:]}"
        super().__init__(line)


def unknown(what: str, value: object, allowed: object, where: str) -> UserError:
    """Return the error for a name that `where` does not know, listing the names it does."""
    names = ", ".join(sorted(map(str, allowed)))
    return UserError(f"{where}: unknown {what} '{shortened(str(value))}'; allowed: {names}")


def shown(value: object) -> str:
    """Return a value as an error shows it: as Python writes it, at most a line of it."""
    return shortened(repr(value))


def shortened(text: str) -> str:
    """Return a text, or its beginning and its length where it is long."""
    return text if len(text) <= VALUE else f"{text[:VALUE]}… ({len(text):,} characters)"
