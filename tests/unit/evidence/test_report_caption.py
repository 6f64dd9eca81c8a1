"""What a study says of a figure reaches Snakemake's own report as plain text."""

from types import SimpleNamespace

import jinja2
from docutils.core import publish_parts

from stilts.files.fingerprint import ROOT
from tests.toys.invented_results import report

EVIL = "x\n\n.. raw:: html\n\n   <script>alert(1)</script>\n\n.. include:: /etc/passwd\n\n"
EVIL += "`a <javascript:alert(1)>`_ javascript:alert(2) |x| *y* a\\*b ``c``"
# As Snakemake adds them to a caption, so that it can lead to other results.
LINKS = "\n\n.. _report.html: javascript:app.showResultInfo('report.html')\n"


def written(**spec):
    template = (ROOT / "workflow/report/caption.rst").read_text() + LINKS
    asked = SimpleNamespace(
        params=SimpleNamespace(spec=spec), wildcards=SimpleNamespace(scale="mini")
    )
    text = jinja2.Environment().from_string(template).render(snakemake=asked)
    return publish_parts(
        text, writer="html", settings_overrides={"halt_level": 2, "report_level": 1}
    )["body"]


def test_a_caption_never_becomes_markup_that_can_do_something():
    page = written(title=EVIL, caption=EVIL)
    assert "<script>" not in page and "root:" not in page
    assert page.count("href") == page.count("app.showResultInfo") == 1
    assert "<em>y</em>" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "system-message" not in page


def test_a_caption_is_shown_as_it_stands():
    page = written(title="Figure 2 (Chang & Lu 2021)", caption="n = 36_x; 95 % of *all*.")
    assert "Figure 2 (Chang &amp; Lu 2021)" in page and "n = 36_x; 95 % of *all*." in page


def test_a_studys_own_captions_are_valid():
    for spec in (*report()["figures"].values(), *report()["tables"].values()):
        page = written(**{name: spec[name] for name in ("title", "caption")})
        assert "<strong>" in page and "Scale mini." in page
