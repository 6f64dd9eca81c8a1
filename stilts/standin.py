"""A stand-in for a pretrained model: made here, from a recipe, on a corpus of the catalogue."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from stilts.checkpoints import describe
from stilts.data import read_split
from stilts.errors import UserError
from stilts.manifest import MANIFEST, filled_folder, read_manifest, to_json
from stilts.pretraining import pretrain

log = logging.getLogger(__name__)


def pretrain_model(spec: Mapping[str, Any], *, corpus: Path, folder: Path, threads: int) -> None:
    """Pretrain the model that `spec["origin"]["pretrain"]` describes into `folder`.

    Args:
        spec: `name`, `origin` and `note`.
        corpus: the folder of the corpus' canonical rows.
        folder: receives weights, config, tokenizer and, last, the manifest.
        threads: CPU threads; a different number can change the last bits.

    Raises:
        UserError: the recipe lacks something.
    """
    torch.set_num_threads(threads)
    recipe = dict(spec["origin"]["pretrain"])
    texts = {
        split: [row["text"] for row in read_split(corpus, split)]
        for split in ("train", "validation")
    }
    with filled_folder(folder) as temporary:
        try:
            reached = pretrain(recipe, texts["train"], temporary, validation=texts["validation"])
        except KeyError as error:
            raise UserError(f"model '{spec['name']}': its pretrain recipe lacks {error}") from error
        log.info("%s", reached)
        splits = read_manifest(corpus)["splits"]
        fields = {
            "model": spec["name"],
            "origin": dict(spec["origin"]),
            "note": spec["note"],
            "reached": reached,
            "corpus": {split: splits[split]["sha256"] for split in texts},
        }
        (temporary / MANIFEST).write_text(to_json(fields | describe(temporary)))
