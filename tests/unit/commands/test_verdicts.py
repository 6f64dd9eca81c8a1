"""The last lines of `make`: what the claims came to, and where to look."""

import csv

import pytest
import yaml

from stilts.commands.verdicts import ending

WHERE = ", in the miniature"


@pytest.fixture
def finish(tmp_path):
    """Return a function that writes the claims of some studies, as (verdict, claim)."""

    def write(**studies):
        (tmp_path / "config.yaml").write_text(
            yaml.safe_dump({"studies": dict.fromkeys(studies)}, sort_keys=False)
        )
        for study, claims in studies.items():
            folder = tmp_path / study / "tables"
            folder.mkdir(parents=True)
            if claims:
                with (folder / "claims.csv").open("w", newline="") as stream:
                    writer = csv.writer(stream)
                    writer.writerow(["Claim", "Verdict"])
                    writer.writerows([says, verdict + WHERE] for verdict, says in claims)
        return ending(tmp_path).splitlines()

    return write


def test_a_study_is_counted_and_its_decided_claims_are_said(finish):
    lines = finish(
        one=[("cannot tell", "C"), ("holds", "A"), ("holds", "D"), ("does not hold", "B")]
    )
    assert lines[0] == "one: of 4 claims 2 hold, 1 cannot be told, 1 do not hold" + WHERE
    assert [line.split() for line in lines[1:4]] == [
        ["holds:", "A"],
        ["holds:", "D"],
        ["does", "not", "hold:", "B"],
    ]


def test_there_are_never_more_than_ten_lines_and_every_study_has_its_share(finish):
    claims = [("holds", f"{number} " + "word " * 60) for number in range(20)]
    lines = finish(one=claims, two=claims, three=claims[:1])
    assert len(lines) == 10 and max(map(len, lines[:-2])) <= 100
    heads = [place for place, line in enumerate(lines) if line.startswith(("one", "two", "three"))]
    assert heads == [0, 3, 6] and "report.html" in lines[8]


def test_a_run_without_claims_says_so_and_where_to_look(finish):
    lines = finish(mine=[])
    assert lines[0] == "No study of this run has claims." and "report.html" in lines[1]
