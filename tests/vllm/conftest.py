"""vLLM's own server, as the `openai` backend meets it: on loopback, started from vLLM's environment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from auditc.backends.vllm.python import interpreter

from .apart import source

PATIENCE = 480.0
"""Seconds that the server may take to load."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and what its model is called."""

    url: str
    model: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """SmolLM2 in fp32 behind vLLM's OpenAI-compatible server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "--model": str(source().folder),
        "--served-model-name": "smollm2",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--dtype": "float32",
        "--max-model-len": "2048",
        "--max-num-batched-tokens": "4096",
        "--kv-cache-memory-bytes": "500000000",
        "--generation-config": "vllm",
        "--max-logprobs": "100",
    }
    words = [word for pair in told.items() for word in pair]
    off = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "TORCH_COMPILE_DISABLE": "1"}
    log = tmp_path_factory.mktemp("server") / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [interpreter(), "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager", *words],
            env={**os.environ, **off},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", log.read_text)
        yield Server(f"http://127.0.0.1:{port}/v1", "smollm2")
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, said: object) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, said() if callable(said) else ""
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail("the server did not answer")
