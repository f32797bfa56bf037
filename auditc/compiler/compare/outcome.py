"""What a comparison of two audits says: the changes, and what follows for every figure and every claim. Data only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from auditc.ir.plan import Origin

from .consequences import Effect

Comparability = Literal["comparable", "comparable in part", "not comparable"]
Kind = Literal["added", "removed", "changed", "renamed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. `key` is empty when the whole block was added, removed or renamed.

    `name` is the block's name, the second audit's where it has the block; `was` the first one's where that differs.
    `consequence` is the heaviest effect on any figure or claim that both audits have.
    """

    section: str
    name: str
    key: str
    kind: Kind
    before: Any
    after: Any
    origin_before: Origin | None
    origin_after: Origin | None
    consequence: Effect
    reason: str
    was: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "section": self.section,
            "name": self.name,
            "was": self.was or None,
            "key": self.key,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "origin_before": self.origin_before and self.origin_before.model_dump(),
            "origin_after": self.origin_after and self.origin_after.model_dump(),
            "consequence": self.consequence.value,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class FigureOutcome:
    """A metric of a method's block in both audits.

    `reasons` say why it cannot be compared, or not on all items; `cautions` what may move it beside the model; `notes`
    what differs between the waves and does not stand in the way. `populations` has the verdict for each way of being
    asked that both have (`cn`, or `cn, shuffled_countries`). A comparison can rest on the items in `common`, and not on
    those in `left_out`.
    """

    block: str
    metric: str
    verdict: Comparability
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]
    populations: dict[str, Comparability]
    common: tuple[str, ...]
    left_out: tuple[str, ...]
    items_before: int
    items_after: int
    was: str = ""

    def as_dict(self) -> dict[str, Any]:
        content = asdict(self)
        content["was"] = self.was or None
        content["items"] = {
            "common": list(content.pop("common")),
            "left_out": list(content.pop("left_out")),
            "before": content.pop("items_before"),
            "after": content.pop("items_after"),
        }
        return content


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """A claim in both audits: whether its verdicts can be compared, and whether the figures it reads can."""

    claim: str
    verdict: Comparability
    figures: Comparability
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]
    was: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "was": self.was or None}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two audits compared. `only_before` and `only_after` name figures and claims that one of them does not have."""

    verdict: Comparability
    changes: tuple[Change, ...]
    figures: tuple[FigureOutcome, ...]
    claims: tuple[ClaimOutcome, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As the JSON contract has it."""
        return {
            "verdict": self.verdict,
            "changes": [change.as_dict() for change in self.changes],
            "figures": [figure.as_dict() for figure in self.figures],
            "claims": [claim.as_dict() for claim in self.claims],
            "only_before": list(self.only_before),
            "only_after": list(self.only_after),
        }


def together(found: list[Comparability]) -> Comparability:
    """One word for several: the word they share, else in part. Nothing at all is comparable with nothing."""
    if not found:
        return "not comparable"
    return found[0] if len(set(found)) == 1 else "comparable in part"
