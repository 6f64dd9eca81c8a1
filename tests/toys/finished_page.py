"""The page of the invented study, with the files that it leads to, as a run leaves them."""

import random
from pathlib import Path

import yaml

from stilts.evidence.figures.drawing import draw_and_write
from stilts.evidence.page.report import write_report
from stilts.evidence.tables.writer import build_and_write
from stilts.files.fingerprint import ROOT
from tests.toys import invented_results as toys

TABLES = ("claims", "table_1", "table_3", "paper_vs_ours")
FIGURES = ("claims", "figure_2", "figure_3")
TEMPLATE = ROOT / "workflow/report/page/page.html"
LABEL = "<script>alert(1)</script>"


def finish(project: Path) -> Path:
    """Write tables, figures, runs and the page of the invented study; return the page."""
    top = project / "results" / "mini"
    study, report, inputs = top / "rethinking", toys.report(), toys.inputs()
    for part in ("tables", "figures"):
        (study / part).mkdir(parents=True)
    for name in TABLES:
        build_and_write(inputs, report["tables"][name], study / "tables" / name)
    for name in FIGURES:
        draw_and_write(inputs, report["figures"][name], study / "figures" / name)
    runs = toys.runs()
    draw = random.Random(0)
    runs["digests"] = [
        " ".join(f"{name}={draw.randbytes(32).hex()}" for name in ("checkpoint", "code", "train"))
        for _ in range(len(runs))
    ]
    runs["key"] = [draw.randbytes(32).hex() for _ in range(len(runs))]
    runs.to_csv(study / "runs.csv", index=False)
    toys.scores().to_csv(study / "scores.csv", index=False)
    question = top / "config.yaml"
    question.write_text(yaml.safe_dump(toys.record() | {"note": LABEL}))
    written = {"title": "Rethinking", "cite": "Chang & Lu", "claim": "", "label": toys.LABEL}
    write_report(
        top / "report.html",
        template=TEMPLATE,
        question=question,
        studies={"rethinking": {**written, "protocol": "paper", **report}},
        tables=[str(study / "tables" / f"{name}.csv") for name in TABLES],
        figures=[str(study / "figures" / f"{name}.png") for name in FIGURES],
    )
    return top / "report.html"
