"""What `snakemake advise` looks at: estimates, and the runs that are there already."""

from typing import Any

from stilts.question.artefacts import Artefacts
from stilts.question.paths import Layout


def advise_spec(layout: Layout, artefacts: Artefacts) -> dict[str, Any]:
    """Return, by study, where its estimates lie and which runs it may have.

    `estimates`; `runs` of each cell: its names, their folder, points, and what is `wanted` of them;
    `titles` of its tasks.
    """
    found = {}
    for study, plan in layout.question.plans.items():
        wanted = artefacts.runs_of(study)
        runs = [
            {"cell": list(cell), "folder": folder, "points": list(points), "wanted": wanted[folder]}
            for cell, points in plan.points.items()
            for folder in [layout.run_folder(study, cell)]
        ]
        titles = {task: plan.catalogue.tasks[task].title for task in plan.tasks}
        found[study] = {"estimates": layout.estimates(study), "runs": runs, "titles": titles}
    return found
