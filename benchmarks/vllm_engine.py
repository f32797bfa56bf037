"""The backend `vllm` beside a bare `LLM.generate`: same prompts, seeds and settings, in turns; prints one JSON line.

    AUDITC_VLLM_PYTHON=VLLM/bin/python python benchmarks/vllm_engine.py MODEL_FOLDER

Ours is timed as a run meets it: requests through the pipe to the worker, tokenising, texts, replies. The bare one gets
finished texts of prompts, in its own process, as vLLM's documents have it: its engine in a process apart. Each is asked
`--prompts` prompts in one batch, all different behind a common beginning, once to write and once to score.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BEGINNING = "You are a person who lives in a small town and answers a survey, in a few words of your own. "
LETTERS = ("A", "B", "C", "D")


def asked(count: int) -> list[str]:
    """Questions of about 60 tokens."""
    things = ("work", "family", "politics", "friends", "leisure", "science", "tradition", "money")
    return [
        f"Question {n}: how important is {things[n % 8]} in the life of somebody who is {20 + n % 60} years old?\n"
        "(A) Very (B) Rather (C) Not very (D) Not at all. Say why."
        for n in range(count)
    ]


def bare(told: dict[str, Any]) -> None:
    """The other side, under vLLM's Python: answers each line on standard input with its seconds."""
    import os

    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from vllm import LLM, SamplingParams  # type: ignore[import-not-found,unused-ignore]

    llm = LLM(**told["engine"])
    tokenizer = llm.get_tokenizer()
    turns = [[{"role": "system", "content": BEGINNING}, {"role": "user", "content": text}] for text in told["asked"]]
    prompts = [tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False) for turn in turns]
    ids = [tokenizer.encode(letter, add_special_tokens=False)[0] for letter in LETTERS]
    new, greedy = told["new"], {"temperature": 0.0, "max_tokens": 1}
    writing = [
        SamplingParams(temperature=1.0, max_tokens=new, seed=n if told["seeds"] else None) for n in range(len(prompts))
    ]
    scoring = SamplingParams(logprob_token_ids=ids, logprobs=len(ids), **greedy)
    print("{}", file=out, flush=True)
    for line in sys.stdin:
        llm.reset_prefix_cache()
        start = time.perf_counter()
        outputs = llm.generate(prompts, writing if line.strip() == "write" else scoring, use_tqdm=False)
        seconds = time.perf_counter() - start
        tokens = sum(len(output.outputs[0].token_ids) for output in outputs)
        print(json.dumps({"seconds": seconds, "tokens": tokens}), file=out, flush=True)


class Bare:
    """The other side, from here."""

    def __init__(self, python: str, told: dict[str, Any]) -> None:
        command = [python, __file__, "--bare", json.dumps(told)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdout.readline()

    def rate(self, work: str) -> float:
        """Tokens, or prompts, a second."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(work, file=self.process.stdin, flush=True)
        said = json.loads(self.process.stdout.readline())
        return float(said["tokens"] / said["seconds"])

    def close(self) -> None:
        """Let it end by itself, and its engine with it."""
        self.process.communicate(timeout=60)


def ours(worker: Any, requests: list[Any]) -> float:
    """Tokens, or prompts, a second, through the pipe."""
    from auditc.ir.exchange import Failure, GenerateReply

    start = time.perf_counter()
    replies = worker.ask(requests)
    seconds = time.perf_counter() - start
    failed = [reply for reply in replies if isinstance(reply, Failure)]
    if failed:
        raise SystemExit(f"{len(failed)} failed: {failed[0]}")
    return float(sum(reply.tokens_out if isinstance(reply, GenerateReply) else 1 for reply in replies) / seconds)


def main() -> None:
    if sys.argv[1:2] == ["--bare"]:
        bare(json.loads(sys.argv[2]))
        return
    from auditc.backends import backends
    from auditc.backends._contract import ModelSource
    from auditc.ir.exchange import GenerateRequest, Hint, Prompt, Sampling, ScoreRequest, Turn
    from auditc.runtime.bind import Bound
    from auditc.runtime.workers.process import ProcessWorker

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--new", type=int, default=40)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--cache", type=int, default=1_000_000_000)
    parser.add_argument("--window", type=int, default=2048)
    parser.add_argument("--no-seeds", action="store_true", help="none for the bare one; auditc always has them")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    backend = backends.take("vllm")
    params = backend.params(dtype=options.dtype, window=options.window, cache=options.cache)
    source = ModelSource("benchmark", str(options.model), "benchmark")
    identity = dict(backend.identify(source, params))
    assert backend.interpreter is not None
    python = backend.interpreter()
    engine = {
        "model": str(options.model),
        "dtype": options.dtype,
        "max_model_len": options.window,
        "kv_cache_memory_bytes": options.cache,
        "enforce_eager": not identity["compiled"],
        "generation_config": "vllm",
    }
    if identity["device"] == "cpu":  # or its seeds end it
        engine |= {"enable_chunked_prefill": False, "max_num_batched_tokens": 4096, "block_size": 32}
    texts = asked(options.prompts)
    told = {"engine": engine, "asked": texts, "new": options.new, "seeds": not options.no_seeds}
    with tempfile.TemporaryDirectory() as folder:
        worker = ProcessWorker(
            Bound("benchmark", "vllm", backend, params, source, identity), Path(folder) / "log", python
        )
        other = Bare(python, told)
        prompts = [Prompt((Turn("system", BEGINNING), Turn("user", text))) for text in texts]
        none = Hint("", "", ())
        sampling = Sampling(max_new_tokens=options.new)
        writes: list[Any] = [GenerateRequest(prompt, sampling, n, none) for n, prompt in enumerate(prompts)]
        scores: list[Any] = [ScoreRequest(prompt, tuple((x,) for x in LETTERS), none) for prompt in prompts]
        ours(worker, writes[:8]), other.rate("score")
        rounds = []
        for _ in range(options.runs):
            rounds.append(
                {
                    "write": ours(worker, writes),
                    "bare_write": other.rate("write"),
                    "score": ours(worker, scores),
                    "bare_score": other.rate("score"),
                }
            )
        other.close()
        worker.close()
    result = {
        "work": "vllm",
        "device": identity["device"],
        "dtype": options.dtype,
        "prompts": options.prompts,
        "new_tokens": options.new,
        "runs": rounds,
        "ratio_write": statistics.median(one["write"] / one["bare_write"] for one in rounds),
        "ratio_score": statistics.median(one["score"] / one["bare_score"] for one in rounds),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
