"""Two audits compared, each a spec or a compiled plan: what changed, and what can still be compared."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from auditc.diagnostics import Sink

from .faults import Refused

if TYPE_CHECKING:
    from auditc.compiler.compare import Comparison
    from auditc.compiler.compare.places import Places
    from auditc.ir.plan import Plan

_REMEDY = "Name two specs or plans: FILE.audit or FILE.plan.json"


class Gate(StrEnum):
    """What `--fail-on` takes."""

    INCOMPARABLE = "incomparable"
    PART = "part"


def compare(before: Path, after: Path) -> Comparison:
    """What changed from one audit to the other. Runs nothing, and needs neither store nor models.

    Raises SpecRejected with the mistakes of a spec, and Refused for what is neither a spec nor a plan.
    """
    from auditc.compiler import compare as comparing

    return comparing.compare(*_read(before), *_read(after))


def gate(comparison: Comparison, wanted: list[Gate]) -> bool:
    """Whether `--fail-on` asks for exit code 1."""
    found = {
        Gate.INCOMPARABLE: comparison.verdict == "not comparable",
        Gate.PART: comparison.verdict != "comparable",
    }
    return any(found[word] for word in wanted)


def _read(path: Path) -> tuple[Plan, Places]:
    """A plan, and the places of its blocks where the spec is at hand.

    A plan is complete: last year's is compared without its lock, its files or its spec.
    """
    from auditc.compiler import compare as comparing
    from auditc.compiler.compare.places import Places, places_of
    from auditc.compiler.pipeline import compile_spec
    from auditc.ir.plan import Plan

    if path.is_dir() or not path.exists():
        raise Refused(*_no_file(path))
    if path.suffix == ".audit":
        return compile_spec(path, Sink()).plan, places_of(path)
    if path.suffix != ".json":
        raise Refused(f"{path.name} is neither a spec nor a plan", _REMEDY)
    try:
        plan = Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", _REMEDY) from None
    except ValueError:
        raise Refused(f"{path.name} is not a plan that this auditc can read", _REMEDY) from None
    if not comparing.coherent(plan):
        raise Refused(f"{path.name} names what it does not hold: it was edited, or another auditc wrote it", _REMEDY)
    return plan, Places()


def _no_file(path: Path) -> tuple[str, str]:
    """What is wrong with a path that is no file, and what to do: runs cannot be compared yet, but their plans can."""
    from .plans import WORKSPACE

    plan = next((p / "plan.json" for p in (path, Path(WORKSPACE) / "runs" / path) if (p / "plan.json").is_file()), None)
    if plan is not None:
        return f"{path} is a run, and what runs found cannot be compared yet", f"Compare what they asked: {plan}"
    return f"{path} is a folder" if path.is_dir() else f"{path} is not there", _REMEDY
