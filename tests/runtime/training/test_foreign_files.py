"""Cards, configs and headers that somebody else wrote: what is none is told to be none, and steers no terminal."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from auditc import screen
from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends.transformers.appetite import training_memory
from auditc.backends.transformers.identity import files
from auditc.backends.transformers.modules import modules
from auditc.backends.transformers.params import Params
from auditc.backends.transformers.room import memory
from auditc.ir.tensors import LONGEST, header
from auditc.ir.training import Settings
from auditc.runtime.training import results
from auditc.runtime.training.examples import settings
from auditc.runtime.training.inventory import Inventory, Left
from auditc.weights._contract import WeightsUnavailable
from auditc.weights._safetensors import content_digest
from tests.runtime.training.workspace import Workspace, planned, train

DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
CONFIG = b'{"model_type":"llama","hidden_size":8,"num_attention_heads":1,"num_hidden_layers":1,"vocab_size":9}'


def model(folder: Path, config: bytes, entry: bytes) -> ModelSource:
    folder.mkdir()
    (folder / "config.json").write_bytes(config)
    said = (
        entry if entry is DEEP else b'{"layers.0.q.weight":{"dtype":"F32","data_offsets":[0,0],"shape":' + entry + b"}}"
    )
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(said)) + said)
    return ModelSource("base", str(folder), "digest")


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (DEEP, b"[2,2]"),
        (CONFIG, DEEP),
        (CONFIG, b"[1e400,2]"),
        (CONFIG, b"[-5,2]"),
        (CONFIG, b'"12"'),
        (CONFIG, b"[[2],2]"),
        (CONFIG, b"[" + b"4611686018427387904," * 60 + b"2]"),
        (CONFIG.replace(b":8", b":1e400"), b"[2,2]"),
        (CONFIG.replace(b":8", b":1" + b"0" * 400), b"[2,2]"),
    ],
    ids=["deep config", "deep header", "endless", "negative", "text", "nested", "huge", "endless width", "huge width"],
)
def test_files_that_are_no_model_are_no_reason_for_a_traceback(config: bytes, shape: bytes, tmp_path: Path) -> None:
    source = model(tmp_path / "model", config, shape)
    how: Settings = settings(train())
    sizes: list[Callable[[], object]] = [
        lambda: memory(source, Params(threads=1)),
        lambda: training_memory(source, Params(threads=1), how, 10),
    ]
    for asked in sizes:
        with pytest.raises(BackendUnavailable, match="do not say how large it is"):
            asked()
    modules(source)
    if config is DEEP:
        with pytest.raises(BackendUnavailable, match="cannot be read"):
            files(source)
    elif config is CONFIG:
        assert modules(source) is None
        with pytest.raises(WeightsUnavailable, match="no whole safetensors file"):
            content_digest(tmp_path / "model", tmp_path / "cache")


def test_a_header_is_no_longer_than_the_format_lets_it_be(tmp_path: Path) -> None:
    file = tmp_path / "long.safetensors"
    with file.open("wb") as written:
        written.write(struct.pack("<Q", LONGEST + 1))
        written.truncate(LONGEST + 100)
    with file.open("rb") as source, pytest.raises(ValueError, match="beyond"):
        header(source, file.stat().st_size)


def test_a_name_that_would_steer_a_terminal_is_no_module(tmp_path: Path) -> None:
    name = b'{"layers.0.\\u001b[2Jq.weight":{"dtype":"F32","data_offsets":[0,0],"shape":[5,2]}}'
    source = model(tmp_path / "model", CONFIG, b"[2,2]")
    (tmp_path / "model" / "model.safetensors").write_bytes(struct.pack("<Q", len(name)) + name)
    assert modules(source) is None


def test_a_card_without_an_end_is_a_damaged_one(workspace: Workspace) -> None:
    workspace.run(planned(train(), asked=("base",)))
    (result,) = workspace.results()
    (result / "card.json").write_bytes(DEEP)
    with pytest.raises(results.Damaged, match="is not what was written"):
        results.read(workspace.folder, result.name)


def test_what_is_left_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    one = Left("\x1b]0;title\x07\x1b[2Jx", "made", 1, "2026", ("\x1b[2Jname",), ("\x9b2Jbase",), objective="\x1b[31mkl")
    screen.trained(Path("here"), Inventory((one,)))
    assert not {"\x1b", "\x9b", "\x07"} & {*capsys.readouterr().out}
