"""Starting checkpoints from a hub or a local folder, safetensors only, with a manifest."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files.manifest import (
    MANIFEST,
    digest_of,
    file_digests,
    filled_folder,
    read_manifest,
    to_json,
)

WEIGHTS = "model.safetensors"
# What a model needs to load, and nothing that could run code.
_FILES = (
    "config.json",
    WEIGHTS,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "generation_config.json",
)


def fetch_model(spec: Mapping[str, Any], folder: Path) -> None:
    """Bring a model into `folder` from `spec["origin"]`, a hub id or a local path.

    Args:
        spec: `name`, `origin` ({hub, revision} or {path}) and `note`.
        folder: receives the files and the manifest.

    Raises:
        UserError: the folder or the hub's repository is not there, or holds no safetensors.
    """
    origin = dict(spec["origin"])
    if "hub" in origin:
        source, origin["revision"] = _download(origin["hub"], origin.get("revision"))
    else:
        source = Path(origin["path"]).expanduser()
        if not source.is_dir():
            raise UserError(f"model '{spec['name']}': folder {source} does not exist: mend 'path'")
    for name in ("config.json", WEIGHTS):
        if not (source / name).is_file():
            raise UserError(
                f"model '{spec['name']}': {source} holds no {name}; save the model with"
                " save_pretrained (safetensors, one file); pickled weights are never read"
            )
    with filled_folder(folder) as temporary:
        for name in _FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, temporary / name)
        fields = {"model": spec["name"], "origin": origin, "note": spec["note"]}
        (temporary / MANIFEST).write_text(to_json(describe(temporary) | fields))


def describe(folder: Path) -> dict[str, Any]:
    """Return the facts of a checkpoint: family, head, size and digests.

    `sha256` covers every file that decides how the model behaves: weights, config, tokenizer.
    `parameters` counts the numbers in the weights file, from its header.
    """
    config = json.loads((folder / "config.json").read_text())
    files = file_digests(folder)
    return {
        "family": config.get("model_type"),
        "architecture": (config.get("architectures") or [None])[0],
        "parameters": _parameters(folder / WEIGHTS),
        "files": files,
        "sha256": digest_of(files),
    }


def is_made(folder: Path, key: str) -> bool:
    """Return whether `folder` holds, whole, the checkpoint that training under `key` comes to."""
    try:
        manifest = read_manifest(folder)
        return manifest.get("key") == key and manifest["sha256"] == describe(folder)["sha256"]
    except (OSError, ValueError, KeyError):
        return False


def _parameters(path: Path) -> int:
    with path.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    total = 0
    for name, entry in header.items():
        if name != "__metadata__":
            size = 1
            for length in entry["shape"]:
                size *= length
            total += size
    return total


def _download(repository: str, revision: str | None) -> tuple[Path, str]:
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        found = huggingface_hub.HfApi().model_info(repository, revision=revision).sha
        folder = huggingface_hub.snapshot_download(
            repository, revision=found, allow_patterns=list(_FILES)
        )
    except (OSError, HfHubHTTPError) as error:
        raise UserError(
            f"model hub id '{repository}' cannot be fetched ({type(error).__name__}): check the id"
            " and the network, or give a local folder: models: {<name>: {path: …}}"
        ) from error
    return Path(folder), found
