"""What a question would cost before anything runs: trials, reuse, hours, disk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.commands.budget import within
from stilts.commands.costs import flops, tokens_of
from stilts.commands.power import seen
from stilts.commands.rates import ASSUMED_RATE, Rates, Spent
from stilts.files.manifest import MANIFEST, read_manifest
from stilts.files.store import Store
from stilts.jobs.trial import ENTRY, read_setting
from stilts.machine.hardware import device_kind
from stilts.question.grid import parse_point
from stilts.question.recipe import complete

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
    cost = {run: flops(cell["body"], count) for run, count in tokens.items()}
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
        flops=sum(cost[run] for run in runs if run not in done | stored),
        seconds=sum(taken.values()),
        seconds_flops=sum(cost[run] for run in taken),
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
    spent = [Spent(item.seconds, item.seconds_flops) for item in found]
    rates = Rates(zip((cell["spec"] for cell in cells), spent, strict=True), kind)
    unit = "GPU-hours" if kind.startswith("cuda") else "core-hours"
    source = "assumed: no finished trial to measure"
    if rates.overall:
        source = f"measured on {total.done + total.stored} finished trials, task by task"
    lines = [
        *(plan["title"], "", _header()),
        *_chains(cells, found, rates),
        *_stages(plan["stages"], rates),
        "",
        *(
            f"{study} fine-tunes no target: {stages} checkpoints are trained and scored"
            f" {scores} times."
            for study, (stages, scores) in plan["only_scored"].items()
        ),
        *_unknown(plan),
        f"Hours: {unit} on {kind} at {rates.of(''):.2g} operations/s ({source}).",
        *_on_a_gpu(total, kind),
        f"Tokens: {total.tokens:.3g} at full length over all {total.trials:,} trials.",
        f"Disk: {size_text(plan['weights'])} of checkpoints ({plan['checkpoints']} of them),"
        f" at most {size_text(total.bytes)} of predictions.",
        f"Built so far: {_built(plan['folders'])}.",
        *seen(cells),
        *_in_budget(plan, rates, store, device),
        *(f"Not available: {line}" for line in plan["unavailable"]),
        *(f"In the data: {line}" for line in _found(plan["folders"]["tasks"])),
        "Next: snakemake --cores all (add -n to see every job first).",
    ]
    return "\n".join(lines)


def _chains(
    cells: Sequence[Mapping[str, Any]], found: Sequence[Estimate], rates: Rates
) -> Iterator[str]:
    """Yield a row per chain, and one of all."""
    groups: dict[str, list[tuple[Estimate, float]]] = {}
    for cell, item in zip(cells, found, strict=True):
        spec = cell["spec"]
        hours = item.flops / rates.of(spec["model"], spec["target"]) / 3600
        name = f"{spec['study']} {spec['model']} {spec['chain']}"
        groups.setdefault(name, []).append((item, hours))
    groups["all"] = [member for members in groups.values() for member in members]
    for name, members in groups.items():
        whole = sum((item for item, _ in members), Estimate())
        yield _row(name, whole, sum(hours for _, hours in members))


def _stages(stages: Sequence[Mapping[str, Any]], rates: Rates) -> list[str]:
    """Return the row of the stages of chains, which are no trials of a target."""
    left = [stage for stage in stages if not stage["done"]]
    if not stages:
        return []
    hours = sum(stage["flops"] / rates.of(stage["model"]) for stage in left) / 3600
    done, missing = len(stages) - len(left), len(left)
    return [f"{'stages before':44}{len(stages):>8,}{done:>8,}{'':>8}{missing:>10,}{hours:>13,.2f}"]


def _unknown(plan: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for what hours leave out."""
    cells = plan["cells"]
    models = {cell["spec"]["model"] for cell in cells if cell["body"] is None}
    rows = {cell["spec"]["target"] for cell in cells if not cell["rows"].get("train")}
    rows |= {task for stage in plan["stages"] for task, count in stage["rows"].items() if not count}
    for what, names in (("size is", models), ("rows are", rows)):
        if names:
            yield f"Hours leave out {', '.join(sorted(names))}: their {what} known once fetched."


def _in_budget(plan: Mapping[str, Any], rates: Rates, store: Store, device: str) -> Iterator[str]:
    """Yield what a reader with a budget can have; nothing for one without."""
    if "budget" not in plan:
        return
    if any(_unknown(plan)):
        yield (
            f"Budget of {plan['budget']:.3g} hours: what fits is known once that is fetched which"
            " hours leave out."
        )
        return

    def hours(part: Mapping[str, Any]) -> float:
        found = [(cell["spec"], estimate(cell, store, device).flops) for cell in part["cells"]]
        seconds = [cost / rates.of(spec["model"], spec["target"]) for spec, cost in found]
        left = [stage for stage in part["stages"] if not stage["done"]]
        seconds += [stage["flops"] / rates.of(stage["model"]) for stage in left]
        return sum(seconds) / 3600

    yield from within(plan, hours)


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


def _header() -> str:
    return f"{'chain':44}{'trials':>8}{'done':>8}{'stored':>8}{'to train':>10}{'hours':>13}"


def _row(name: str, item: Estimate, hours: float) -> str:
    counts = f"{item.trials:>8,}{item.done:>8,}{item.stored:>8,}{item.to_train:>10,}"
    return f"{name:44}{counts}{hours:>13,.2f}"


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
