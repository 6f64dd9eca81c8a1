"""A checkpoint's folder: what it holds, told by its files."""

import json
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files.manifest import MANIFEST, digest_of, file_digests, read_manifest
from stilts.models.shards import count_numbers

WEIGHTS = "model.safetensors"
HEADS = "heads.safetensors"  # of a checkpoint with several, see `stilts.models.stored_heads`
CONFIG = "config.json"


def describe(folder: Path) -> dict[str, Any]:
    """Return the facts of a checkpoint: family, head, size and digests.

    `sha256` covers every file that decides how the model behaves: weights, config, tokenizer.
    `parameters` counts the numbers in the weights file, from its header.
    """
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    files = file_digests(folder)
    return {
        "family": config.get("model_type"),
        "architecture": (config.get("architectures") or [None])[0],
        "parameters": count_numbers(folder / WEIGHTS),
        "files": files,
        "sha256": digest_of(files),
    }


def demand_whole(folder: Path | str) -> None:
    """Refuse a checkpoint whose files are not those that its manifest tells of.

    A folder without a manifest is not one of ours and is taken as it is.

    Raises:
        UserError: names the file, and what to delete.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        return
    told, found = read_manifest(folder).get("files", {}), file_digests(folder)
    flaws = [f"{name} is missing" for name in sorted(told.keys() - found.keys())]
    flaws += [f"{name} is not in its manifest" for name in sorted(found.keys() - told.keys())]
    both = sorted(told.keys() & found.keys())
    flaws += [
        f"{name} was changed after its manifest" for name in both if told[name] != found[name]
    ]
    if flaws:
        raise UserError(f"{folder}/{flaws[0]}: delete the folder {folder} and run again")


def is_made(folder: Path, key: str) -> bool:
    """Return whether `folder` holds, whole, the checkpoint that training under `key` comes to."""
    try:
        manifest = read_manifest(folder)
        return manifest.get("key") == key and manifest["sha256"] == describe(folder)["sha256"]
    except (OSError, ValueError, KeyError):
        return False
