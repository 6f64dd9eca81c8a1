"""What a question would cost before anything runs: trials, reuse, hours, disk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.commands.costs import tokens_of
from stilts.commands.power import seen
from stilts.files.manifest import MANIFEST, read_manifest
from stilts.files.store import Store
from stilts.jobs.trial import ENTRY, read_setting
from stilts.machine.hardware import device_kind
from stilts.question.grid import parse_point
from stilts.question.recipe import complete

# Effective rates to assume where no stored trial tells: floating-point operations a second.
ASSUMED_RATE = {"cpu": 2e10, "cuda": 1e14}
PREDICTION_BYTES = 24  # per example and option or class, compressed; ids included


@dataclass(frozen=True)
class Estimate:
    """What the trials of one cell, or of a whole plan, come to.

    Attributes:
        trials: how many the question has.
        done: run files that are there and are what is asked for.
        stored: not there, but in the trial store: copied, not trained.
        tokens: to train on, at the full length of every sequence (an upper bound).
        flops: of training those that are neither done nor stored.
        seconds: measured training time of the stored trials.
        seconds_flops: floating-point operations that `seconds` were spent on.
        bytes: of the prediction files.
    """

    trials: int = 0
    done: int = 0
    stored: int = 0
    tokens: float = 0
    flops: float = 0
    seconds: float = 0
    seconds_flops: float = 0
    bytes: float = 0

    def __add__(self, other: "Estimate") -> "Estimate":
        """Add up two estimates field by field."""
        names = self.__dataclass_fields__
        return Estimate(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def to_train(self) -> int:
        """Trials that would be trained."""
        return self.trials - self.done - self.stored


def estimate(cell: Mapping[str, Any], store: Store, device: str) -> Estimate:
    """Estimate one cell.

    Args:
        cell: as `lay_out` describes it: `spec`, `runs`, folders `checkpoint` and `data`,
            `rows` by split, `sequences` per example, `body` parameters (None: unknown).
        store: looked up where the parents exist; without them no trial's key is known.
        device: the reader's choice.
    """
    runs = [Path(run) for run in cell["runs"]]
    recipes = {run: {**cell["spec"]["recipe"], **parse_point(run.stem)} for run in runs}
    tokens = {run: tokens_of(cell, recipe) for run, recipe in recipes.items()}
    # 6 operations per parameter and token: forward 2, backward 4 (Kaplan et al. 2020, 2.1).
    flops = {run: 6 * (cell["body"] or 0) * count for run, count in tokens.items()}
    taken = _seconds(cell, recipes, store, device)
    wanted = cell.get("wanted")
    done = {run for run in runs if (wanted.is_met(run) if wanted else run.is_file())}
    stored = taken.keys() - done
    scored = sum(cell["rows"].get(split, 0) for split in cell["spec"]["task"]["scored"])
    return Estimate(
        trials=len(runs),
        done=len(done),
        stored=len(stored),
        tokens=sum(tokens.values()),
        flops=sum(flops[run] for run in runs if run not in done | stored),
        seconds=sum(taken.values()),
        seconds_flops=sum(flops[run] for run in taken),
        bytes=scored * cell["sequences"] * PREDICTION_BYTES * len(runs),
    )


def _seconds(
    cell: Mapping[str, Any],
    recipes: Mapping[Path, Mapping[str, Any]],
    store: Store,
    device: str,
) -> dict[Path, float]:
    """Return for how long those runs trained that are stored."""
    folders = (Path(cell["checkpoint"]), Path(cell["data"]))
    if not all((folder / "manifest.json").is_file() for folder in folders):
        return {}
    checkpoint, data = folders
    spec = cell["spec"]
    setting = read_setting(spec, checkpoint, {spec["target"]: data}, device, ENTRY)
    timings = {
        run: store.trials.timing(setting.key(complete(recipe))) for run, recipe in recipes.items()
    }
    return {run: timing["seconds"] for run, timing in timings.items() if timing}


def plan_text(plan: Mapping[str, Any], store: Store, device: str) -> str:
    """Return the plan as text for a terminal.

    Args:
        plan: what `lay_out` returns.
        store: the trial store.
        device: the reader's choice of `auto`, `cpu` or `cuda`.
    """
    kind = device_kind(device)
    cells = plan["cells"]
    found = [estimate(cell, store, device) for cell in cells]
    total = sum(found, Estimate())
    rate = total.seconds_flops / total.seconds if total.seconds else 0
    source = f"measured on {total.done + total.stored} finished trials"
    if not rate:
        rate, source = ASSUMED_RATE[kind.split(":")[0]], "assumed: no finished trial to measure"
    lines = [plan["title"], "", _header()]
    for study, model, chain in dict.fromkeys(_group(cell) for cell in cells):
        members = [
            item
            for cell, item in zip(cells, found, strict=True)
            if _group(cell) == (study, model, chain)
        ]
        lines.append(_row(f"{study} {model} {chain}", sum(members, Estimate()), rate))
    lines += [_row("all", total, rate), ""]
    for study, (stages, scores) in plan["only_scored"].items():
        lines.append(
            f"{study} fine-tunes no target: {stages} checkpoints are trained and scored"
            f" {scores} times; hours leave them out."
        )
    unknown = sorted({cell["spec"]["model"] for cell in cells if cell["body"] is None})
    if unknown:
        lines.append(f"Hours leave out {', '.join(unknown)}: their size is known once fetched.")
    unit = "GPU-hours" if kind.startswith("cuda") else "core-hours"
    lines += [
        f"Hours: {unit} on {kind} at {rate:.2g} operations/s ({source}); targets only.",
        *_on_a_gpu(total, kind),
        f"Tokens: {total.tokens:.3g} at full length over all {total.trials:,} trials.",
        f"Disk: {size_text(plan['weights'])} of checkpoints ({plan['checkpoints']} of them),"
        f" at most {size_text(total.bytes)} of predictions.",
        f"Built so far: {_built(plan['folders'])}.",
        *seen(cells),
        *(f"Not available: {line}" for line in plan["unavailable"]),
        *(f"In the data: {line}" for line in _found(plan["folders"]["tasks"])),
        "Next: snakemake --cores all (add -n to see every job first).",
    ]
    return "\n".join(lines)


def _found(folders: Sequence[str]) -> Iterator[str]:
    """Yield a line for each flaw that is known of data that are there."""
    for folder in map(Path, folders):
        if (folder / MANIFEST).is_file():
            for line in read_manifest(folder).get("findings", ()):
                yield f"{folder.name}, {line}"


def _on_a_gpu(total: Estimate, kind: str) -> list[str]:
    """Return a line for a reader who plans on a laptop what a cluster is to run."""
    if kind.startswith("cuda"):
        return []
    hours = total.flops / ASSUMED_RATE["cuda"] / 3600
    return [f"On a GPU at an assumed {ASSUMED_RATE['cuda']:.0g} operations/s: {hours:,.1f} hours."]


def _group(cell: Mapping[str, Any]) -> tuple[str, str, str]:
    return cell["spec"]["study"], cell["spec"]["model"], cell["spec"]["chain"]


def _header() -> str:
    return f"{'chain':44}{'trials':>8}{'done':>8}{'stored':>8}{'to train':>10}{'hours':>13}"


def _row(name: str, item: Estimate, rate: float) -> str:
    counts = f"{item.trials:>8,}{item.done:>8,}{item.stored:>8,}{item.to_train:>10,}"
    return f"{name:44}{counts}{item.flops / rate / 3600:>13,.2f}"


def size_text(count: float) -> str:
    """Return a number of bytes with its unit."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _built(folders: Mapping[str, Sequence[str]]) -> str:
    counts = {
        name: sum((Path(folder) / "manifest.json").is_file() for folder in paths)
        for name, paths in folders.items()
    }
    return ", ".join(f"{counts[name]} of {len(folders[name])} {name}" for name in folders)
