"""What `only` means to one of several studies: names of another study ask nothing of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stilts.errors import UserError
from stilts.question.catalogue import Catalogue
from stilts.question.chain import NONE, chain_tasks, unseeded
from stilts.question.study import Study

_SIDES = ("chains", "targets")


def narrowed(
    only: Mapping[str, Any], study: Study, studies: Sequence[Study], catalogue: Catalogue
) -> Mapping[str, Any]:
    """Return what `only` asks of a study.

    A study that is asked alone may be given any chain or target. Of several, one that has neither
    a chain nor a target of those named is not asked for names that no study has, and none is asked
    for names that another has and it lacks.

    Args:
        only: of the config; see `stilts.question.cells.cells_of`.
        study: one of `studies`.
        studies: all that are asked.
        catalogue: has the tasks that names refer to.

    Raises:
        UserError: no study has any of the names, or a task is unknown.
    """
    if len(studies) == 1 or not any(side in only for side in _SIDES):
        return only
    named = {side: set(map(unseeded, only.get(side, ()))) - {NONE} for side in _SIDES}
    known = {one.name: _names(one) for one in studies}
    has = {name: any(named[side] & sides[side] for side in _SIDES) for name, sides in known.items()}
    asked = sorted(set().union(*named.values()))
    if asked and not any(has.values()):
        learnt = [task for chain in named["chains"] for task in chain_tasks(chain)]
        for task in (*only.get("targets", ()), *learnt):
            catalogue.task(task, "config key 'only'")
        raise UserError(
            f"config key 'only': no study of {', '.join(known)} has any of {', '.join(asked)}: ask"
            f" one study for it, as in studies=[{study.name}]"
        )

    def kept(side: str, names: Collection[str]) -> list[str]:
        own, theirs = known[study.name][side], set().union(*(one[side] for one in known.values()))
        new = names if has[study.name] or not asked else ()
        return [
            name
            for name in names
            if unseeded(name) in own or (name in new and unseeded(name) not in theirs)
        ]

    return {key: kept(key, value) if key in _SIDES else value for key, value in only.items()}


def _names(study: Study) -> dict[str, set[str]]:
    """Return the chains, `none` among them, and the targets that a study has of its own."""
    blocks = (*study.sweeps.values(), *study.scores.values())
    pairs = [pair for block in blocks for pair in block.pairs()]
    return {
        "chains": {NONE, *(unseeded(chain) for chain, _ in pairs)},
        "targets": {target for _, target in pairs},
    }
