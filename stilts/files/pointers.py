"""Files that stand for others: what git leaves where large files were not fetched, and links."""

from pathlib import Path

from stilts.errors import UserError

_POINTER = b"version https://git-lfs.github.com/spec/"


def demand_content(path: Path) -> None:
    """Refuse a file that is a pointer of git-lfs in place of the content.

    Raises:
        UserError: names the file and the remedy.
    """
    with path.open("rb") as stream:
        start = stream.read(len(_POINTER))
    if start == _POINTER:
        raise UserError(
            f"{path} is a pointer of git-lfs, not the file itself: run `git lfs pull` there, or"
            " download it again"
        )


def demand_inside(path: Path, folder: Path) -> None:
    """Refuse a file of a folder that is a link to something outside.

    A hub's cache keeps `snapshots/<revision>/` as links into `blobs/` two folders up: these are its
    own.

    Raises:
        UserError: names the file and where it leads.
    """
    tree = folder.resolve()
    if tree.parent.name == "snapshots":
        tree = tree.parent.parent
    target = path.resolve()
    if not target.is_relative_to(tree):
        raise UserError(f"{path} is a link to {target}, outside {tree}: put the file itself there")
