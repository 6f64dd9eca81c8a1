"""Every artefact of a question that has a record, and what is asked of that."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from stilts.files.asked import Wanted, asked_of
from stilts.files.manifest import MANIFEST
from stilts.question.advice import feature_spec, featured
from stilts.question.chain import NONE
from stilts.question.outside import Outside
from stilts.question.paths import WEIGHTS, Layout
from stilts.question.rule_code import RuleCode


class Artefact(NamedTuple):
    """A record, the files that go with it, and what is asked of it."""

    record: str
    others: tuple[str, ...]
    wanted: Wanted

    def remove(self) -> None:
        """Delete it, the record first: nothing is to vouch for half of the rest."""
        for file in (self.record, *self.others):
            Path(file).unlink(missing_ok=True)


class Artefacts:
    """The artefacts of a question, in the order in which they can be made."""

    def __init__(self, layout: Layout, code: RuleCode, outside: Outside):
        self._layout, self._question = layout, layout.question
        self._code, self._outside = code, outside

    @cached_property
    def wanted(self) -> dict[str, Wanted]:
        """What is asked of each record, by its path."""
        return {each.record: each.wanted for each in self.all()}

    def unlike(self, doubted: Callable[[str], bool]) -> list[tuple[Artefact, str]]:
        """Return the artefacts that are there and are not what is asked for, with the reasons.

        doubted: which records to read, of those that are there.
        """
        found = []
        for each in self.all():
            if _there(each.record) and doubted(each.record):
                reason = each.wanted.reason_against(each.record)
                if reason:
                    found.append((each, reason))
        return found

    def take_away(self, unknown: Callable[[str], bool], dry: bool = False) -> None:
        """Delete what is not what is asked for, and say so: it is made anew, or from the store.

        Doubted are files that Snakemake has no record of, and those that are newer than what was
        collected from them. What is collected has no record of its own, and is made in seconds: it
        goes where Snakemake does not know it.

        Args:
            unknown: says of a path whether Snakemake has no record of it.
            dry: only say what would go.
        """
        collected = [file for study in self._question.plans for file in self._collected(study)]
        seen = min((Path(file).stat().st_mtime_ns for file in collected if _there(file)), default=0)
        found = self.unlike(lambda file: os.stat(file).st_mtime_ns > seen or unknown(file))
        if found:
            first, reason = found[0]
            count = "1 file is" if len(found) == 1 else f"{len(found)} files are"
            print(
                f"note: {count} not what is asked for: {'a run makes it' if dry else 'made'} anew,"
                f" or taken from the store; first {first.record}: {reason}",
                file=sys.stderr,
            )
        if dry:
            return
        for each, _ in found:
            each.remove()
        for file in (self._layout.question_file(), *collected):
            if _there(file) and unknown(file):
                Path(file).unlink()

    def _collected(self, study: str) -> list[str]:
        return [f"{self._layout.top}/{study}/{name}.csv" for name in ("runs", "scores", "epochs")]

    def all(self) -> Iterator[Artefact]:
        """Yield every artefact."""
        yield from self._data()
        yield from self._models()
        for study in self._question.plans:
            yield from self._stages(study)
            yield from self._runs(study)
            yield from self._scores(study)
            yield from self._features(study)

    def runs_of(self, study: str) -> dict[str, Wanted]:
        """Return what is asked of the run files of a study, by their folder."""
        layout, plan = self._layout, self._question.plans[study]
        return {
            layout.run_folder(study, cell): Wanted(
                asked_of(
                    {"spec": plan.target_spec(*cell), "code": self._code.target(study, *cell)}
                ),
                layout.checkpoint_folder(study, cell.model, cell.chain),
                (layout.data_folder(cell.target),),
            )
            for cell in plan.points
        }

    def _data(self) -> Iterator[Artefact]:
        for task in self._question.tasks:
            told = {"spec": self._question.task_spec(task), "code": self._code.task(task)}
            if self._question.task_rule(task) == "fetch_task":
                told["content"] = self._outside.task(task)
            folder = self._layout.data_folder(task)
            yield Artefact(f"{folder}/{MANIFEST}", (), Wanted(asked_of(told)))

    def _models(self) -> Iterator[Artefact]:
        for model in self._question.models:
            told = {"spec": self._question.model_spec(model), "code": self._code.model(model)}
            told["content"] = self._outside.model(model)
            folder = self._layout.checkpoint_folder("", model, NONE)
            yield Artefact(f"{folder}/{MANIFEST}", (), Wanted(asked_of(told)))

    def _stages(self, study: str) -> Iterator[Artefact]:
        layout, plan = self._layout, self._question.plans[study]
        for model, chain in plan.checkpoints:
            told = {"spec": plan.stage_spec(model, chain)}
            told["code"] = self._code.stage(study, model, chain)
            parent = Path(layout.parent_checkpoint(study, model, chain)).parent
            data = tuple(str(Path(file).parent) for file in layout.stage_data(study, chain))
            yield Artefact(
                layout.checkpoint(study, model, chain),
                (layout.checkpoint(study, model, chain, WEIGHTS),),
                Wanted(asked_of(told), str(parent), data),
            )

    def _runs(self, study: str) -> Iterator[Artefact]:
        layout, wanted = self._layout, self.runs_of(study)
        for cell, points in self._question.plans[study].points.items():
            folder, beside = (layout.run_folder(study, cell, kind) for kind in _KINDS)
            for point in points:
                others = (f"{beside}/{point}.parquet",)
                yield Artefact(f"{folder}/{point}.json", others, wanted[folder])

    def _scores(self, study: str) -> Iterator[Artefact]:
        layout, plan = self._layout, self._question.plans[study]
        for cell, file in zip(plan.scores, layout.scores(study), strict=True):
            told = {"spec": plan.score_spec(*cell), "code": self._code.score(study, *cell)}
            checkpoint = layout.checkpoint_folder(study, cell.model, cell.chain)
            data = (layout.data_folder(cell.target),)
            others = (file.removesuffix(".json") + ".parquet",)
            yield Artefact(file, others, Wanted(asked_of(told), checkpoint, data))

    def _features(self, study: str) -> Iterator[Artefact]:
        layout, plan = self._layout, self._question.plans[study]
        for cell in featured(plan):
            told = {"spec": feature_spec(plan, cell), "code": self._code.features(study, *cell)}
            checkpoint = layout.checkpoint_folder(study, cell.model, cell.chain)
            wanted = Wanted(asked_of(told), checkpoint, (layout.data_folder(cell.target),))
            record = layout.features(study, cell)
            yield Artefact(record, (record.removesuffix(".json") + ".parquet",), wanted)


def _there(file: str) -> bool:
    return os.path.isfile(file)


_KINDS = ("runs", "predictions")
