"""What may be done to the texts of a row before a model's tokenizer sees them."""

from collections.abc import Callable

_SPACED = (".", "?", ",", "'")


def lower_spaced(text: str) -> str:
    """Return a text in lower case with a space before . ? , and ', and no two spaces in a row.

    The starter code of minBERT does so (`preprocess_string` of its datasets.py).
    """
    text = text.lower()
    for mark in _SPACED:
        text = text.replace(mark, f" {mark}")
    return " ".join(text.split())


TIDYINGS: dict[str, Callable[[str], str]] = {"lower_spaced": lower_spaced}
