"""A stand-in for a pretrained model: made here, from a recipe, on a corpus of the catalogue."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stilts.errors import UserError
from stilts.files import asked
from stilts.files.fingerprint import fingerprint
from stilts.files.manifest import (
    MANIFEST,
    digest_of,
    file_digests,
    filled_folder,
    read_manifest,
    to_json,
    write_manifest,
)
from stilts.files.store import Store
from stilts.jobs.trial import library_versions
from stilts.machine.handling import Handling
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
    handling: Handling,
    store: Store | None = None,
) -> None:
    """Pretrain the model that `spec["origin"]["pretrain"]` describes into `folder`.

    Args:
        spec: `name`, `origin` and `note`.
        corpus: the folder of the corpus' canonical rows.
        folder: receives weights, config, tokenizer and, last, the manifest.
        handling: how the job is to do its work.
        store: holds snapshots, from which a model goes on.

    Raises:
        UserError: the recipe lacks something.
    """
    torch.set_num_threads(handling.threads)
    recipe = dict(spec["origin"]["pretrain"])
    texts = {
        split: [row["text"] for row in read_split(corpus, split)]
        for split in ("train", "validation")
    }
    splits = read_manifest(corpus)["splits"]
    digests = {split: splits[split]["sha256"] for split in texts}
    store, key = store or Store(), _key(recipe, digests)
    snapshot = Snapshot(store.snapshot(key), handling.minutes)
    with store.exclusive(key):
        if is_made(folder, key):
            log.info("another process has pretrained this model")
            write_manifest(folder, read_manifest(folder) | asked.told(spec))
            return
        with filled_folder(folder) as temporary:
            reached = _pretrain(spec["name"], recipe, texts, temporary, snapshot)
            fields = {
                "model": spec["name"],
                "origin": dict(spec["origin"]),
                "note": spec["note"],
                "key": key,
                "reached": reached,
                "corpus": digests,
                **asked.told(spec),
            }
            (temporary / MANIFEST).write_text(
                to_json(fields | describe(temporary)), encoding="utf-8"
            )
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
            "code": fingerprint("stilts.training.pretraining"),
            "versions": library_versions(),
        }
    )
