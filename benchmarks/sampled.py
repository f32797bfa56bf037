"""Sampled answers beside the one-by-one loop of published code: the same prompts, in turns; prints one JSON line.

    python benchmarks/sampled.py MODEL_FOLDER ITEMS.jsonl PEERS_FOLDER --peer-python PEER/bin/python

Both write exactly NEW tokens an answer: the loop is told to, and here no token ends a text. `distinct` are as many
different prompts as rows; `repeated` is the real workload of a survey, few prompts drawn many times.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from first_token import machine, matmul_rate, open_engine, parameters, theirs

from auditc.ir.exchange import Failure, GenerateRequest, Hint, Prompt, Sampling, Turn


def texts(items: Path, distinct: int, draws: int, new: int) -> list[GenerateRequest]:
    """`draws` requests for each of the first `distinct` prompts."""
    prompts = [json.loads(line)["prompt"] for line in items.read_text(encoding="utf-8").splitlines()][:distinct]
    sampling = Sampling(max_new_tokens=new)
    return [
        GenerateRequest(Prompt((Turn("user", prompt),)), sampling, draw * distinct + number, Hint("", "", ()))
        for number, prompt in enumerate(prompts)
        for draw in range(draws)
    ]


def ours(engine: Any, requests: list[GenerateRequest]) -> float:
    """New tokens a second."""
    start = time.perf_counter()
    replies = engine.generate(requests)
    seconds = time.perf_counter() - start
    failed = [reply for reply in replies if isinstance(reply, Failure)]
    if failed:
        raise SystemExit(f"{len(failed)} texts failed: {failed[0]}")
    return float(sum(reply.tokens_out for reply in replies) / seconds)


def operations(engine: Any, requests: list[GenerateRequest], new: int) -> float:
    """What arithmetic needs for an answer: each different prompt once, and the output head once for each new token."""
    feds = engine._prompts.feed([request.prompt for request in requests])
    different = {fed.ids for fed in feds}
    each, head = 2 * parameters(engine), 2 * engine._model.get_output_embeddings().weight.numel()
    return float(sum(map(len, different)) * each / len(feds) + new * (each + head))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("items", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--peer-prompts", type=int, default=8, help="prompts that the loop is timed on")
    parser.add_argument("--distinct", type=int, default=64)
    parser.add_argument("--repeated", default="10x20", help="prompts x draws")
    parser.add_argument("--new", type=int, default=40)
    parser.add_argument(
        "--dtype", default="bfloat16", choices=["bfloat16", "float32"], help="ours; the peer's is bfloat16"
    )
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    engine = open_engine(options.model, options.dtype)
    engine._writer = replace(engine._writer, ends=frozenset())
    few, draws = map(int, options.repeated.split("x"))
    distinct = texts(options.items, options.distinct, 1, options.new)
    repeated = texts(options.items, few, draws, options.new)
    ours(engine, distinct[:4])
    arguments = [str(options.model), str(options.items), str(options.peer_prompts), str(options.new)]
    rounds = []
    for _ in range(options.runs):
        one, many = ours(engine, distinct), ours(engine, repeated)
        rate = matmul_rate(options.dtype)
        limits = [options.new * rate / operations(engine, asked, options.new) for asked in (distinct, repeated)]
        loop = theirs(options.peer_python, options.peers / "naive_def.py", arguments)["tokens_per_s"]
        rounds.append(
            {
                "distinct_tokens_per_s": one,
                "repeated_tokens_per_s": many,
                "peer_tokens_per_s": loop,
                "limit_distinct": limits[0],
                "limit_repeated": limits[1],
            }
        )
    result = {
        "work": "sampled answers",
        "dtype": options.dtype,
        "new_tokens": options.new,
        "distinct": options.distinct,
        "repeated": options.repeated,
        "runs": rounds,
        "ratio_distinct": statistics.median(r["distinct_tokens_per_s"] / r["peer_tokens_per_s"] for r in rounds),
        "ratio_repeated": statistics.median(r["repeated_tokens_per_s"] / r["peer_tokens_per_s"] for r in rounds),
        "share_of_limit_distinct": statistics.median(r["distinct_tokens_per_s"] / r["limit_distinct"] for r in rounds),
        "share_of_limit_repeated": statistics.median(r["repeated_tokens_per_s"] / r["limit_repeated"] for r in rounds),
        **machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
