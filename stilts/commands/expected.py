"""The jobs that answer a question: the files each must write, and where it logs.

Rules spell their logs themselves; a test compares them with what is spelled here.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from stilts.commands.costs import lay_out
from stilts.question.paths import Layout


class Job(NamedTuple):
    """A job of the workflow.

    Attributes:
        stage: what it is counted under.
        log: the path of its log.
        files: its outputs, as far as they are counted.
        cost: of training one of them, in tokens times parameters; 0 where that is not known.
        kin: jobs of one kin train for about as long.
    """

    stage: str
    log: str
    files: tuple[str, ...]
    cost: float = 0
    kin: str = ""


def expected_jobs(layout: Layout) -> list[Job]:
    """Return every job of a question, stage by stage in the order in which they can run."""
    return [*_parents(layout), *_studies(layout), *_pages(layout)]


def outline(layout: Layout) -> dict[str, Any]:
    """Return a question and its jobs as plain data; see `stilts.commands.status.status_text`."""
    question = layout.question
    return {
        "title": f"{question.scale.name} scale, studies {', '.join(question.plans)},"
        f" protocol {question.config['protocol']}",
        "jobs": [job._asdict() for job in expected_jobs(layout)],
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
    costs = {_cell(cell["spec"]): _cost(cell) for cell in lay_out(layout)["cells"]}
    parts = list(layout.parts())
    for study, plan in layout.question.plans.items():
        logs = f"{_logs(layout)}/{study}"
        for model, chain in plan.checkpoints:
            log = f"{logs}/train_stage/{model}/{chain}.log"
            yield Job(f"{study}: stages", log, (layout.checkpoint(study, model, chain),))
        for part in parts:
            for cell in plan.cells if part.study == study else ():
                folder = f"{layout.top}/{study}/runs/{cell.model}/{cell.chain}/{cell.target}"
                yield Job(
                    f"{study}: trials",
                    f"{logs}/{part.rule}/{cell.model}/{cell.chain}/{cell.target}.log",
                    tuple(f"{folder}/{point}.json" for point in part.points),
                    costs[(study, *cell)],
                    f"{study} {cell.model} {cell.target}",
                )
        for cell, file in zip(plan.zero_shot, layout.study_zero_shot(study), strict=True):
            log = f"{logs}/score_zero_shot/{cell.model}/{cell.chain}/{cell.target}.log"
            yield Job(f"{study}: zero-shot scores", log, (file,))


def _pages(layout: Layout) -> Iterator[Job]:
    logs = _logs(layout)
    for study in layout.question.plans:
        top = f"{layout.top}/{study}"
        yield Job(f"{study}: tables", f"{logs}/{study}/collect_runs.log", (f"{top}/runs.csv",))
        for name in layout.shown(study, "tables"):
            log = f"{logs}/{study}/make_table/{name}.log"
            yield Job(f"{study}: tables", log, (f"{top}/tables/{name}.csv",))
        for name in layout.shown(study, "figures"):
            log = f"{logs}/{study}/draw_figure/{name}.log"
            yield Job(f"{study}: figures", log, (f"{top}/figures/{name}.png",))
    yield Job("report", f"{logs}/record_question.log", (layout.question_file(),))
    yield Job("report", f"{logs}/write_report.log", (layout.report(),))


def _logs(layout: Layout) -> str:
    return f"logs/{layout.question.scale.name}"


def _cell(spec: dict[str, Any]) -> tuple[str, str, str, str]:
    return spec["study"], spec["model"], spec["chain"], spec["target"]


def _cost(cell: dict[str, Any]) -> float:
    recipe = cell["spec"]["recipe"]
    tokens = cell["rows"]["train"] * cell["sequences"] * recipe["max_tokens"] * recipe["epochs"]
    return (cell["body"] or 0) * tokens
