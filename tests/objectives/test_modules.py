"""What the headers of a model's files say of where an adapter can be put, against the network itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditc.backends.transformers import open_trainee
from auditc.backends.transformers.modules import modules
from auditc.backends.transformers.params import Params
from auditc.backends.transformers.trainee import linear_modules
from tests.objectives import small

EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}


@pytest.mark.parametrize(
    ("architecture", "more", "sure"),
    [
        ("Llama", {}, True),
        ("Mixtral", EXPERTS, True),
        ("Gemma3", {}, True),
        ("Gemma3Multimodal", {}, False),
        ("Qwen3", {}, True),
        ("GPTNeoX", {}, True),
        ("Phi3", {"original_max_position_embeddings": 512}, True),
    ],
)
def test_the_files_name_the_modules_that_the_network_has(
    architecture: str, more: dict[str, Any], sure: bool, tmp_path: Path
) -> None:
    """No more than these and no fewer, or a spec that is right would be refused; a tower for pictures may be beside."""
    source = small.model(tmp_path / "model", architecture, **more)
    told = modules(source)
    assert told is not None and told.sure == sure
    there = linear_modules(open_trainee(source, Params(threads=1), small.settings(adapter=small.FULL)).model)
    assert {*there} == {*told.ranks} if sure else {"q_proj", "down_proj"} <= {*told.ranks}
