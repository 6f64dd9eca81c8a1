"""Safetensors files by their headers: weights saved in several files become one, none is read."""

import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

from stilts.errors import UserError

INDEX = "model.safetensors.index.json"
_ALIGNMENT = 8  # bytes; the format wants the first tensor at a multiple of it


class _Piece(NamedTuple):
    """A tensor's bytes in a file; `width` is that of one number."""

    width: int
    name: str
    entry: dict[str, Any]
    path: Path
    start: int
    size: int


def shard_names(index: Path) -> list[str]:
    """Return the names of the files that an index lists.

    Raises:
        UserError: the index is damaged, or names something outside its folder.
    """
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        whole = all(Path(name).name == name and name.endswith(".safetensors") for name in names)
    except (ValueError, KeyError, TypeError, AttributeError):
        names, whole = [], False
    if not names or not whole:
        raise UserError(f"{index} does not name safetensors files beside it: save it again")
    return names


def join_shards(index: Path, into: Path) -> None:
    """Write the tensors of an index's files to one file, as safetensors lays them out.

    Raises:
        UserError: a file is missing, or lacks tensors that the index places in it.
    """
    pieces = [piece for name in shard_names(index) for piece in _pieces(index.parent / name)]
    listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"].keys()
    lost = listed - {piece.name for piece in pieces}
    if lost:
        raise UserError(f"{index} lists '{min(lost)}', which its files lack: save it again")
    pieces.sort(key=lambda piece: (-piece.width, piece.name))  # wide numbers first: all aligned
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for piece in pieces:
        header[piece.name] = {**piece.entry, "data_offsets": [end, end + piece.size]}
        end += piece.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with into.open("wb") as whole:
        whole.write(len(text).to_bytes(8, "little") + text)
        for piece in pieces:
            with piece.path.open("rb") as stream:
                stream.seek(piece.start)
                whole.write(stream.read(piece.size))


def count_numbers(path: Path) -> int:
    """Return how many numbers the tensors of a file hold."""
    return sum(math.prod(entry["shape"]) for entry in _header(path)[0].values())


def _pieces(path: Path) -> list[_Piece]:
    entries, begin = _header(path)
    pieces = []
    for name, entry in entries.items():
        low, high = entry["data_offsets"]
        numbers = math.prod(entry["shape"])
        width = (high - low) // numbers if numbers else 1
        pieces.append(_Piece(width, name, entry, path, begin + low, high - low))
    return pieces


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the entry of every tensor (dtype, shape, data_offsets) and where their bytes begin."""
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > os.path.getsize(path):  # any other file says anything here
                raise ValueError("no header")
            entries = json.loads(stream.read(length))
        entries.pop("__metadata__", None)
        end = 8 + length + max((entry["data_offsets"][1] for entry in entries.values()), default=0)
        if os.path.getsize(path) != end:
            raise ValueError("cut off")
    except FileNotFoundError:
        raise UserError(f"{path} is missing: save or fetch the model again") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no whole safetensors file ({error}): save it again") from None
    return entries, 8 + length
