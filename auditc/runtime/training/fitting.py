"""Whether an adapter fits the network that it is to be put on, told from the model's files: nothing is opened."""

from __future__ import annotations

from typing import Any

from auditc.backends._contract import Backend, ModelSource
from auditc.diagnostics.suggest import suggest
from auditc.ir.plan import Train

from ..faults import Problem

SHOWN = 12
"""Names of modules that are listed."""


def fitting(stage: Train, backend: Backend[Any], source: ModelSource) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """What stands in the way, and what is doubtful. Nothing where all weights are trained or nobody can say; where the
    files may name modules otherwise than the network does, it is no more than doubtful."""
    there = backend.modules(source) if stage.adapter.kind != "full" and backend.modules else None
    params = stage.adapter.params
    if there is None or not params.get("targets"):
        return (), ()
    targets = [str(name) for name in params["targets"]]
    unknown = [name for name in targets if name not in there.ranks]
    if unknown:
        many = f"its layers have {_listed(list(there.ranks))}"
        said = f"`{stage.model}` is to put an adapter on {_listed(unknown)}, and the network of `{stage.base}` has none"
        help = f"write `targets = [{', '.join(_meant(targets, list(there.ranks)))}]`, or others of them"
        if there.sure:
            help += "; or train all weights: `adapter = full`"
            return (Problem(f"{said}: {many}", help, stage.origin),), ()
        doubt = f"{said} of that name in its files, so the training may be refused when it begins: {many}"
        return (), (f"{doubt}. {help[0].upper()}{help[1:]}.",)
    rank, most = int(params["rank"]), max(there.ranks[name] for name in targets)
    if rank > most:
        doubt = f"the adapter of `{stage.model}` has a rank of {rank:,}, and no change of {_listed(targets)}"
        doubt += f" in `{stage.base}` can have more than {most:,}: the rest is of no use"
        return (), (f"{doubt}. Write a smaller one, or `adapter = full`.",)
    return (), ()


def _meant(targets: list[str], known: list[str]) -> list[str]:
    """The targets that are there, and what others may have been meant for; where that is nothing, the first ones."""
    found = [name if name in known else suggest(name, known) for name in targets]
    return list(dict.fromkeys(name for name in found if name)) or known[:2]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:SHOWN]) + more
