"""Which claims stood in a study when a trial was trained."""

from pathlib import Path

from stilts.files.manifest import sha256_of


def registered(study: str) -> dict[str, str]:
    """Return what the timing of a trial that is trained now records: `claims`, `study:digest`.

    It is no part of a result, of its key or of what a rule is asked for, so that an edit of the
    claims reruns nothing, and shows.

    study: whose claims count, where it has some; otherwise nothing is recorded.
    """
    file = Path("studies", study, "claims.yaml")
    return {"claims": f"{study}:{sha256_of(file)[:16]}"} if file.is_file() else {}
