"""How many parameters a folder of weights holds, by the headings of its files alone."""

import json
import re
from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

_IN_LAYER = re.compile(r"\.(\d+)\.")  # encoder.layer.3.output…, transformer.h.0.mlp…


def parameters(folder: Path) -> dict[str, int]:
    """Return the `total` of a folder's safetensors, and how many an input meets in its `layers`.

    Layers are what stands under a number; one that the config applies several times, as ALBERT's,
    counts as often. The rest, such as embeddings, is looked up or used once, and costs next to
    nothing. Nothing for files that are not there or cannot be read: the job that reads them says
    what is wrong.
    """
    counts: dict[str, int] = {}
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        for path in folder.glob("model*.safetensors"):
            with safe_open(path, framework="numpy") as file:
                names = list(file.keys())
                counts |= {name: prod(file.get_slice(name).get_shape()) for name in names}
    except (OSError, ValueError, SafetensorError):
        return {}
    inside: dict[str, int] = {}
    for name, count in counts.items():
        if found := _IN_LAYER.search(name):
            inside[found[1]] = inside.get(found[1], 0) + count
    depth = config.get("num_hidden_layers", len(inside))
    met = sum(inside.values()) * depth // max(1, len(inside))
    return {"layers": met, "total": sum(counts.values())} if counts else {}
