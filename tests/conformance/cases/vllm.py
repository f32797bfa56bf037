"""The backend `vllm` on the CPU, as a run has it: under the Python of its own environment, in a process apart."""

from __future__ import annotations

from tests.vllm.apart import MODEL, settings

from ..case import Case

CASES = {"vllm": Case("vllm", settings(), package=MODEL, opened="vllm_engine")}
