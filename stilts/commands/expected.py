"""The jobs that answer a question: the files each must write, and where it logs.

Rules spell their logs themselves; a test compares them with what is spelled here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean
from types import MappingProxyType
from typing import Any, NamedTuple

from stilts.commands.costs import lay_out, tokens_of
from stilts.files.asked import Wanted
from stilts.question.advice import featured
from stilts.question.chain import unseeded
from stilts.question.paths import Layout
from stilts.question.targets import Targets

NOTHING_ASKED: Mapping[str, Wanted] = MappingProxyType({})


class Job(NamedTuple):
    """A job of the workflow.

    Attributes:
        stage: what it is counted under.
        log: the path of its log.
        files: its outputs, as far as they are counted.
        cost: of training one of them, in tokens times parameters; 0 where that is not known.
        kin: jobs of one kin train for about as long.
        wanted: what is asked of its files, where they are records.
    """

    stage: str
    log: str
    files: tuple[str, ...]
    cost: float = 0
    kin: str = ""
    wanted: Wanted | None = None


def expected_jobs(layout: Layout, wanted: Mapping[str, Wanted] = NOTHING_ASKED) -> list[Job]:
    """Return every job of a question, stage by stage in the order in which they can run.

    wanted: what is asked of records, by their path.
    """
    jobs = [*_parents(layout), *_studies(layout), *_pages(layout)]
    return [job._replace(wanted=wanted.get(job.files[0])) for job in jobs]


def outline(layout: Layout, wanted: Callable[[], Mapping[str, Wanted]]) -> dict[str, Any]:
    """Return a question and its jobs as plain data; see `stilts.commands.status.status_text`."""
    question = layout.question
    return {
        "title": f"{question.scale.name} scale, studies {', '.join(question.plans)},"
        f" protocol {question.config['protocol']}",
        "jobs": [job._asdict() for job in expected_jobs(layout, wanted())],
        "report": layout.report(),
    }


def _parents(layout: Layout) -> Iterator[Job]:
    question, logs = layout.question, _logs(layout)
    for task in question.tasks:
        log = f"{logs}/{question.task_rule(task)}/{task}.log"
        yield Job("data", log, (f"{layout.data_folder(task)}/manifest.json",))
    for model in question.models:
        log = f"{logs}/{question.model_rule(model)}/{model}.log"
        yield Job("models", log, (layout.checkpoint("", model, "none"),))


def _studies(layout: Layout) -> Iterator[Job]:
    described = {_cell(cell["spec"]): cell for cell in lay_out(layout)["cells"]}
    for study, plan in layout.question.plans.items():
        logs = f"{_logs(layout)}/{study}"
        for model, chain in plan.checkpoints:
            log = f"{logs}/train_stage/{model}/{chain}.log"
            yield Job(f"{study}: stages", log, (layout.checkpoint(study, model, chain),))
        for part in layout.parts:
            for cell in part.cells if part.study == study else ():
                folder = layout.run_folder(study, cell)
                points = part.points(cell)
                yield Job(
                    f"{study}: trials",
                    f"{logs}/{part.rule}/{cell.model}/{unseeded(cell.chain)}/{cell.target}.log",
                    tuple(f"{folder}/{point}.json" for point in points),
                    _cost(described[(study, *cell)], [plan.points[cell][name] for name in points]),
                    f"{study} {cell.model} {cell.target}",
                )
        for cell, file in zip(plan.scores, layout.scores(study), strict=True):
            log = f"{logs}/score_checkpoint/{'/'.join(cell)}.log"
            yield Job(f"{study}: scores", log, (file,))
        yield from _estimates(layout, study, logs)


def _estimates(layout: Layout, study: str, logs: str) -> Iterator[Job]:
    """Yield the jobs of estimates, where something shows them."""
    if not Targets(layout).asks(study, "estimates"):
        return
    for cell in featured(layout.question.plans[study]):
        log = f"{logs}/extract_features/{'/'.join(cell)}.log"
        yield Job(f"{study}: estimates", log, (layout.features(study, cell),))
    log = f"{logs}/estimate_transfers.log"
    yield Job(f"{study}: estimates", log, (layout.estimates(study),))


def _pages(layout: Layout) -> Iterator[Job]:
    logs, targets = _logs(layout), Targets(layout)
    for study in layout.question.plans:
        top = f"{layout.top}/{study}"
        yield Job(f"{study}: tables", f"{logs}/{study}/collect_runs.log", (f"{top}/runs.csv",))
        for name in targets.shown(study, "tables"):
            log = f"{logs}/{study}/make_table/{name}.log"
            yield Job(f"{study}: tables", log, (f"{top}/tables/{name}.csv",))
        for name in targets.shown(study, "figures"):
            log = f"{logs}/{study}/draw_figure/{name}.log"
            yield Job(f"{study}: figures", log, (f"{top}/figures/{name}.png",))
    yield Job("report", f"{logs}/record_question.log", (layout.question_file(),))
    yield Job("report", f"{logs}/write_report.log", (layout.report(),))


def _logs(layout: Layout) -> str:
    return f"logs/{layout.question.scale.name}"


def _cell(spec: dict[str, Any]) -> tuple[str, str, str, str]:
    return spec["study"], spec["model"], spec["chain"], spec["target"]


def _cost(cell: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> float:
    """Return what one of some points costs on average."""
    recipes = [{**cell["spec"]["recipe"], **values} for values in points]
    return (cell["body"] or 0) * mean(tokens_of(cell, recipe) for recipe in recipes)
