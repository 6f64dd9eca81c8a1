"""Bring a pretrained model from the hub or a local folder: safetensors only, with a manifest.

However the weights were saved, they are one file here, the one that rules name.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files import asked
from stilts.files.manifest import MANIFEST, filled_folder, to_json
from stilts.files.pointers import demand_content, demand_inside
from stilts.models.checkpoint import CONFIG, HEADS, WEIGHTS, describe
from stilts.models.family import read_config, read_tokenizer
from stilts.models.shards import INDEX, join_shards, shard_names

_SHARDS = "model-*-of-*.safetensors"
# What a model needs beside its weights, and nothing that could run code.
_FILES = (
    CONFIG,
    HEADS,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spm.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "generation_config.json",
)


def fetch_model(spec: Mapping[str, Any], folder: Path) -> None:
    """Bring a model into `folder` from `spec["origin"]`, a hub id or a local path.

    Args:
        spec: `name`, `origin` ({hub, revision} or {path}), `note` and, if known, `family`.
        folder: receives the files and the manifest.

    Raises:
        UserError: the folder or the hub's repository is not there, or holds no safetensors, or
            the model is of a family that cannot be fine-tuned here.
    """
    origin = dict(spec["origin"])
    if "hub" in origin:
        source, origin["revision"] = _download(origin["hub"], origin.get("revision"))
    else:
        source = Path(origin["path"]).expanduser()
        if not source.is_dir():
            raise UserError(f"model '{spec['name']}': folder {source} does not exist: mend 'path'")
    _check(spec, source)
    with filled_folder(folder) as temporary:
        for name in (*_FILES, WEIGHTS):
            if (source / name).is_file():
                shutil.copyfile(source / name, temporary / name)
        if not (source / WEIGHTS).is_file():
            join_shards(source / INDEX, temporary / WEIGHTS)
        fields = {"model": spec["name"], "origin": origin, "note": spec["note"]}
        fields |= asked.told(spec)
        (temporary / MANIFEST).write_text(to_json(describe(temporary) | fields), encoding="utf-8")


def _check(spec: Mapping[str, Any], source: Path) -> None:
    """Refuse a folder that lacks a part, or whose family cannot be fine-tuned."""
    model = spec["name"]
    for names in ((CONFIG,), (WEIGHTS, INDEX)):
        if not any((source / name).is_file() for name in names):
            raise UserError(
                f"model '{model}': {source} holds no {names[0]}; save the model with"
                " save_pretrained (safetensors); pickled weights are never read"
            )
    shards = () if (source / WEIGHTS).is_file() else shard_names(source / INDEX)
    for path in (source / name for name in (*_FILES, WEIGHTS, INDEX, *shards)):
        if path.is_file():
            demand_inside(path, source)
            demand_content(path)
    try:
        family = read_config(source).model_type
        read_tokenizer(source)
    except UserError as error:
        raise UserError(f"model '{model}': {error}") from None
    if spec.get("family", family) != family:
        raise UserError(
            f"model '{model}': {source} is of family '{family}', the catalogue says"
            f" '{spec['family']}': correct 'family' there"
        )


def _download(repository: str, revision: str | None) -> tuple[Path, str]:
    import huggingface_hub

    try:
        found = huggingface_hub.HfApi().model_info(repository, revision=revision).sha
        folder = huggingface_hub.snapshot_download(
            repository, revision=found, allow_patterns=[*_FILES, WEIGHTS, INDEX, _SHARDS]
        )
    except Exception as error:  # any error of the library and of its transport: all end the job
        raise UserError(
            f"model hub id '{repository}' cannot be fetched ({type(error).__name__}): check the id"
            " and the network, or give a local folder: models: {<name>: {path: …}}"
        ) from error
    return Path(folder), found
