"""Canonical rows, where only their form matters."""


def choice(*options, label=0, first=("The cook stands in the kitchen",)):
    return {
        "id": "0",
        "first": list(first),
        "prefix": "",
        "options": list(options),
        "suffix": "",
        "label": label,
    }
