"""What tables and figures are made from: the measured results of one study at one scale."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from stilts.errors import unknown
from stilts.evidence.numbers import NOT_AVAILABLE
from stilts.evidence.published import printed
from stilts.evidence.record import values
from stilts.question.chain import NONE, chain_seed, parse_chain, unseeded

T = TypeVar("T")
BEHIND = "behind"  # attribute of a table: what was read for each of its rows


@dataclass(frozen=True)
class Inputs:
    """The results a table or figure may draw on.

    Attributes:
        question: the study's part of the recorded question (`stilts.question.record`); each stage
            of its `chains` also has `rows`, the examples that it really saw, where that is known.
        tasks: task name -> `title`, `kind`; also of tasks whose data are not there.
        manifests: task name -> manifest of its data.
        runs: `runs.csv`, one row per run; scores are fractions.
        scores: `scores.csv`, one row per checkpoint and task.
        published: the printed numbers, as `published.load` returns them.
        inconsistencies: `inconsistencies.csv`, all text: what does not add up in print; None where
            the study has no such file.
        claims: `claims.yaml` by name, in its order; None where the study has no such file.
        claims_digest: what the trials trained under these claims have recorded of them.
        examples: task name -> canonical rows, for figures that show data.
        walked: (model, chain) -> manifest of its checkpoint, for figures that show epochs.
        predictions: (model, chain, target, point) -> file of a run's predictions, for tables and
            figures that say `predictions: true`.
        estimates: `estimates.csv`, one row per chain, target and estimator, for tables and figures
            that say `estimates: true`.
        epochs: `epochs.csv`, one row per run and epoch, for figures that say `epochs: true`.
        model: the one whose runs and scores these are; empty for all of the study.
        seen: which runs and scores were looked at so far, see `watched`.
        everything: the runs of sweeps that stand apart too, see `stilts.evidence.parts`.
    """

    question: Mapping[str, Any]
    tasks: Mapping[str, Mapping[str, Any]]
    manifests: Mapping[str, Mapping[str, Any]]
    runs: pd.DataFrame
    scores: pd.DataFrame
    published: pd.DataFrame
    inconsistencies: pd.DataFrame | None = None
    claims: Mapping[str, Mapping[str, Any]] | None = None
    claims_digest: str = ""
    examples: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    walked: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    predictions: Mapping[tuple[str, ...], Path] = field(default_factory=dict)
    estimates: pd.DataFrame | None = None
    epochs: pd.DataFrame | None = None
    model: str = ""
    seen: list[str] = field(default_factory=list, compare=False)
    everything: pd.DataFrame | None = None

    # The models

    def of_model(self, model: str) -> "Inputs":
        """Return the inputs with the runs and scores of one model only.

        Of a model that the reader leaves out there are none.

        Raises:
            UserError: the study has no such model.
        """
        if model not in self.question["models"] and not self.leaves_out(model):
            place = "'model' of a table or figure in the study's report.yaml"
            raise unknown("model", model, self.question["models"], place)
        tables = {name: getattr(self, name) for name in ("runs", "scores", "estimates", "epochs")}
        own = {
            name: table[table["model"] == model]
            for name, table in tables.items()
            if table is not None
        }
        return replace(self, **own, model=model)

    def leaves_out(self, model: str) -> bool:
        """Return whether the study has a model that the reader leaves out."""
        return model in self.question.get("models_left_out", ())

    def models(self, spec: Mapping[str, Any], column: str) -> Iterator[tuple[dict, "Inputs"]]:
        """Yield the inputs of each model that `spec` shows, in the study's order.

        Args:
            spec: its `model` or `models`; without either every model of the study is shown.
            column: the name of the column that tells models apart.

        Yields:
            ({column: model}, its inputs); the first is empty where only one model is shown.

        Raises:
            UserError: the study has no such model.
        """
        asked = spec.get("models", [spec["model"]] if "model" in spec else self.question["models"])
        for model in asked:
            yield {column: model} if len(asked) > 1 else {}, self.of_model(model)

    def tabulate(
        self,
        spec: Mapping[str, Any],
        column: str,
        lists: Sequence[str],
        row: Callable[..., Mapping[str, Any]],
    ) -> pd.DataFrame:
        """Return a table with a row for each model and each combination of some lists.

        Args:
            spec: of a table or figure; see `models`.
            column: that tells models apart, where there are several.
            lists: names in `spec`, such as `chains` and `targets`; the last one runs fastest.
            row: (the inputs of one model, an item of each list, `spec`) to the columns of a row.
        """
        return self.table(
            {**model, **row(ours, *items, spec)}
            for model, ours in self.models(spec, column)
            for items in itertools.product(*(spec[name] for name in lists))
        )

    def table(self, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
        """Return a table of rows; its attribute `BEHIND` says what was read for each: `watched`.

        rows: a generator, so that a row is made when it is asked for.
        """
        found = list(self.watched(rows))
        table = pd.DataFrame([row for row, _ in found])
        table.attrs[BEHIND] = [read for _, read in found]
        return table

    def watched(self, made: Iterable[T]) -> Iterator[tuple[T, list[str]]]:
        """Yield each thing that a generator makes, with the runs and scores it read for it.

        Runs as their folder below the study's, `runs/<model>/<chain>/<target>`, scores likewise.
        """
        start = len(self.seen)
        for each in made:
            yield each, list(dict.fromkeys(self.seen[start:]))
            start = len(self.seen)

    def _see(self, kind: str, found: pd.DataFrame) -> pd.DataFrame:
        cells = found[["model", "chain", "target"]].drop_duplicates().itertuples(index=False)
        self.seen.extend(f"{kind}/{'/'.join(cell)}" for cell in cells)
        return found

    # Runs and scores

    def _chains(self, chain: str, target: str) -> list[str]:
        """Return the chains that a name stands for: itself, or its walks from seed to seed.

        `squad-v2` stands for `squad-v2^1`, `squad-v2^2`, … where the study has only those.
        """
        cells = self.question["cells"].values()
        names = dict.fromkeys(name for chains in cells for name in chains if target in chains[name])
        walks = [name for name in names if unseeded(name) == chain]
        return walks if walks and chain not in names else [chain]

    def cell(self, chain: str, target: str) -> pd.DataFrame:
        """Return the runs of one chain on one target, possibly none."""
        return self._see("runs", self.of_cell(self.runs, chain, target))

    def of_cell(self, table: pd.DataFrame, chain: str, target: str) -> pd.DataFrame:
        """Return the rows of such a table that are of one chain and target."""
        named = table["chain"].isin(self._chains(chain, target))
        return table[named & (table["target"] == target)]

    def expected(self, chain: str, target: str) -> int:
        """Return how many runs a model should have of a chain on a target; 0 if none is asked."""
        cells = self.question["cells"].get(self.model, {})
        return sum(
            cells[name].get(target, 0) for name in self._chains(chain, target) if name in cells
        )

    def score_of(self, chain: str, task: str) -> Mapping[str, Any] | None:
        """Return the row of a checkpoint on a task, or None where it was not scored.

        A chain that was walked from several seeds only has the mean of their scores.
        """
        of_task = self.scores[self.scores["target"] == task]
        found = of_task[of_task["chain"] == chain]
        if not len(found):
            found = of_task[[unseeded(name) == chain for name in of_task["chain"]]]
        if not len(found):
            return None
        return {**self._see("scores", found).iloc[0].to_dict(), "score": found["score"].mean()}

    # What the question says

    @property
    def label(self) -> str:
        """Say what the scale is, such as "mini: miniature language, not the paper's data"."""
        return self.question["label"]

    @property
    def stand_in(self) -> bool:
        """Whether something stands in for the paper's data or models, as the label then says."""
        return ": " in self.label

    @property
    def footer(self) -> str:
        """Say what a table rests on: the scale's label and the protocol."""
        return f"{self.label} · protocol {self.question['protocol']}"

    @property
    def stamp(self) -> dict[str, str]:
        """Return the last columns of a figure's table: what all of its rows rest on."""
        return {"scale": self.label, "protocol": self.question["protocol"]}

    def task_title(self, task: str) -> str:
        """Return a task's title, or its name where none is known."""
        return self.tasks.get(task, {}).get("title", task)

    def title(self, chain: str) -> str:
        """Return a chain in words: `None`, `HellaSwag-p (2,000)`, `MNLI -> SQuAD`."""
        if chain == NONE:
            return "None"
        seed = chain_seed(chain)
        words = " → ".join(map(self._stage_title, parse_chain(chain)))
        return words if seed is None else f"{words}, seed {seed}"

    def _stage_title(self, stage: Any) -> str:
        notes = [f"{stage.size:,}"] if stage.size else []
        notes += [stage.variant] if stage.variant else []
        tasks = " & ".join(map(self.task_title, stage.tasks))
        return f"{tasks} ({', '.join(notes)})" if notes else tasks

    def metric(self, task: str) -> str:
        """Return by which metric the study scores a task whose data are there."""
        return next(iter(self._posed(task, "metric")), self.manifests[task].get("metric", ""))

    def scored(self, task: str) -> dict[str, Mapping[str, Any]]:
        """Return the splits that the study scores a task on, by name, as far as they are there."""
        splits = self.manifests.get(task, {}).get("splits", {})
        asked = self._posed(task, "scored") or [split for split in splits if split != "train"]
        return {name: splits[name] for name in asked if name in splits}

    def _posed(self, task: str, key: str) -> list[Any]:
        """Return a setting of a task as it is posed: as a target, else in a stage."""
        stages = (stage for chain in self.question["chains"].values() for stage in chain["stages"])
        posed = [self.question["settings"]["targets"], *(stage["posed"] for stage in stages)]
        return next((values(tasks[task], key) for tasks in posed if task in tasks), [])

    # What the data say

    def rows(self, task: str, split: str) -> int | None:
        """Return how many rows a split holds, or None where the data are not there."""
        return self.manifests.get(task, {}).get("splits", {}).get(split, {}).get("rows")

    def baselines(self, task: str) -> Mapping[str, float]:
        """Return what trivial cues reach on the first scored split of a task, by name."""
        audits = self.manifests.get(task, {}).get("audit", {})
        split = next(iter(self.scored(task)), "")
        return audits.get(split, {}).get("baselines", {})

    def data_note(self, task: str) -> str:
        """Say what a task's data are: the manifest's own note (miniature, stand-in), or how their
        sizes compare with the published ones: exact or a subset.
        """
        manifest = self.manifests.get(task)
        if manifest is None:
            return NOT_AVAILABLE
        flaws = "".join(f"; {line}" for line in manifest.get("findings", ()))
        if manifest.get("note"):
            return str(manifest["note"]) + flaws
        sizes = manifest.get("published_sizes") or {}
        dropped = sum(
            told.get("dropped", 0)
            for told in manifest.get("origin", {}).values()
            if isinstance(told, Mapping)
        )
        left_out = f"; {dropped:,} rows without use dropped" if dropped else ""
        if not sizes:
            return f"real data; no published size to check against{left_out}{flaws}"
        differing = [
            f"{split} {self.rows(task, split):,} of {size:,}"
            for split, size in sizes.items()
            if self.rows(task, split) not in (None, size)
        ]
        return (f"subset: {', '.join(differing)}" if differing else "exact") + left_out + flaws

    # What the paper says

    def printed(self, table: str, **ours: str) -> str:
        """Return one printed value, or a dash; see `stilts.evidence.published.printed`."""
        return printed(self.published, table, self.model, **ours)
