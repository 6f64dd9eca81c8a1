"""Rows of a data set on the Hugging Face hub, at a revision that is looked up and recorded."""

import re
from typing import Any

from stilts.errors import UserError

# Where the hub keeps its own parquet copy of a data set whose repository holds a loading script.
# Such scripts (allenai/social_i_qa has one) are remote code, which `datasets` no longer runs.
CONVERTED = "refs/convert/parquet"


def read_hub(
    name: str, config: str | None, split: str, revision: str | None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read one split of a data set from the hub.

    Args:
        name: `org/name`.
        config: the data set's configuration; None takes its only or default one.
        split: the name of the split there.
        revision: a branch, tag or commit; None is the main branch of today.

    Returns:
        The rows, and the origin with the commit that they were read at.

    Raises:
        UserError: the hub, the data set, config or split cannot be reached; one line, without
            anything of the request (which may hold a token).
    """
    place = f"data set '{name}'" + (f" ({config})" if config else "")
    try:
        rows, loaded, commit, converted = _load(name, config, split, revision)
    except Exception as error:  # any error of two libraries and their transport: all end the job
        raise _explained(error, place, split, revision) from None
    if loaded != commit:
        # When a request fails, `datasets` may fall back on whatever version its cache has.
        raise UserError(
            f"{place} cannot be read from the hub at {commit}, and the cache holds another"
            " revision: run snakemake again, or set config key 'mirror' to a folder that has it"
        )
    return rows, {
        "from": "hub",
        "dataset": name,
        "config": config,
        "split": split,
        "revision": commit,
        "branch": CONVERTED if converted else revision or "main",
        "rows": len(rows),
    }


def _load(
    name: str, config: str | None, split: str, revision: str | None
) -> tuple[list[dict[str, Any]], str, str, bool]:
    """Return rows, the commit they are of, the commit asked for, whether it is the hub's copy."""
    # Imported here: 0.8 s, and only jobs that fetch need it.
    import datasets
    import huggingface_hub

    api = huggingface_hub.HfApi()
    found = api.dataset_info(name, revision=revision)
    script = f"{name.split('/')[-1]}.py"
    converted = any(entry.rfilename == script for entry in found.siblings or [])
    if converted:
        found = api.dataset_info(name, revision=CONVERTED)
    # The copy has one folder per config and no card; `hf://` rules out a local folder of the
    # same name, which `datasets` would prefer.
    where = {"data_dir": config or "default"} if converted else {"name": config}
    builder = datasets.load_dataset_builder(f"hf://datasets/{name}", revision=found.sha, **where)
    builder.download_and_prepare()
    return builder.as_dataset(split=split).to_list(), builder.hash, found.sha, converted


def _explained(error: Exception, place: str, split: str, revision: str | None) -> UserError:
    """Return the one line for an error of the hub's libraries, without the error's own text."""
    from huggingface_hub import errors

    remedy = "or set config key 'mirror' to a folder that has it"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return UserError(f"{place} is needed, but HF_HUB_OFFLINE is set: unset it, {remedy}")
    if isinstance(error, errors.GatedRepoError):
        return UserError(f"{place} is gated: accept its terms on the hub and log in, {remedy}")
    if isinstance(error, errors.RevisionNotFoundError):
        return UserError(f"{place} has no revision '{revision or CONVERTED}': correct it, {remedy}")
    if isinstance(error, errors.RepositoryNotFoundError):
        return UserError(f"{place} is not on the hub, or is private: correct the id, {remedy}")
    if isinstance(error, ValueError):
        known = re.search(r"Available: (\[[\w', .-]*\])", str(error))
        if known:
            return UserError(f"{place} has no such config; the hub has: {known.group(1)}")
        if "Unknown split" in str(error):
            return UserError(f"{place} has no split '{split}': give its name under 'splits'")
    kind = type(error).__name__
    return UserError(f"{place} cannot be read from the hub ({kind}): check the network, {remedy}")
