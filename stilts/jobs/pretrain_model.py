"""A stand-in for a pretrained model: made here, from a recipe, on a corpus of the catalogue."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stilts.errors import UserError
from stilts.files.fingerprint import fingerprint
from stilts.files.locks import exclusive
from stilts.files.manifest import (
    MANIFEST,
    digest_of,
    file_digests,
    filled_folder,
    read_manifest,
    to_json,
)
from stilts.files.store import LOCKS, SNAPSHOTS, STORE
from stilts.jobs.trial import library_versions
from stilts.models.checkpoint import describe, is_made
from stilts.tasks.rows import read_split
from stilts.training.pretraining import pretrain
from stilts.training.snapshot import Snapshot

log = logging.getLogger(__name__)


def pretrain_model(
    spec: Mapping[str, Any],
    *,
    corpus: Path,
    folder: Path,
    threads: int,
    store: Path = STORE,
    minutes: float = 10,
) -> None:
    """Pretrain the model that `spec["origin"]["pretrain"]` describes into `folder`.

    Args:
        spec: `name`, `origin` and `note`.
        corpus: the folder of the corpus' canonical rows.
        folder: receives weights, config, tokenizer and, last, the manifest.
        threads: CPU threads; a different number can change the last bits.
        store: holds locks, and snapshots, from which a model goes on.
        minutes: time between snapshots.

    Raises:
        UserError: the recipe lacks something.
    """
    torch.set_num_threads(threads)
    recipe = dict(spec["origin"]["pretrain"])
    texts = {
        split: [row["text"] for row in read_split(corpus, split)]
        for split in ("train", "validation")
    }
    splits = read_manifest(corpus)["splits"]
    digests = {split: splits[split]["sha256"] for split in texts}
    snapshot = Snapshot(store / SNAPSHOTS / _key(recipe, digests), minutes)
    with exclusive(snapshot.folder.name, store / LOCKS):
        if is_made(folder, snapshot.folder.name):
            log.info("another process has pretrained this model")
            return
        with filled_folder(folder) as temporary:
            reached = _pretrain(spec["name"], recipe, texts, temporary, snapshot)
            fields = {
                "model": spec["name"],
                "origin": dict(spec["origin"]),
                "note": spec["note"],
                "key": snapshot.folder.name,
                "reached": reached,
                "corpus": digests,
            }
            (temporary / MANIFEST).write_text(to_json(fields | describe(temporary)))
        snapshot.discard()


def _pretrain(
    name: str,
    recipe: Mapping[str, Any],
    texts: Mapping[str, list[str]],
    folder: Path,
    snapshot: Snapshot,
) -> dict[str, Any]:
    try:
        reached = pretrain(
            recipe, texts["train"], folder, validation=texts["validation"], snapshot=snapshot
        )
    except KeyError as error:
        raise UserError(f"model '{name}': its pretrain recipe lacks {error}") from error
    log.info("%s", reached)
    return reached


def _key(recipe: Mapping[str, Any], corpus: Mapping[str, str]) -> str:
    """Return a digest of all that the weights depend on."""
    tokenizer = recipe.get("tokenizer", {})
    return digest_of(
        {
            "recipe": dict(recipe),
            "tokenizer": file_digests(tokenizer["path"]) if "path" in tokenizer else {},
            "corpus": dict(corpus),
            "code": fingerprint("stilts.jobs.pretrain_model"),
            "versions": library_versions(),
        }
    )
