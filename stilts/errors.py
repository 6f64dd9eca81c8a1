"""The error a reader can act on: one line with the value, the place and the remedy."""


class UserError(ValueError):
    """A mistake in config, catalogue, study or data; its text is one complete line."""


def unknown(what: str, value: object, allowed: object, where: str) -> UserError:
    """Return the error for a name that `where` does not know, listing the names it does."""
    names = ", ".join(sorted(map(str, allowed)))
    return UserError(f"{where}: unknown {what} '{value}'; allowed: {names}")
