"""First-token scoring of prompts that begin alike, beside lm-evaluation-harness; prints one JSON line.

    python benchmarks/personas.py MODEL_FOLDER PEERS_FOLDER --peer-python PEER/bin/python

Each persona, a beginning of about 150 tokens, is asked every item, of about 60. The words are written here and stand
for nothing. The harness computes each prompt by itself; so it may be given the items of the first few personas only,
and its rate is the same.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from first_token import (
    flow_batch,
    machine,
    matmul_rate,
    open_engine,
    ours,
    parameters,
    requests_of,
    theirs,
    unique_tokens,
    without_template,
)

TRADES = ("baker", "nurse", "bus driver", "teacher", "carpenter", "clerk", "farmer", "waiter", "engineer", "tailor")
PLACES = ("a small town by the river", "the old part of a large city", "a village in the hills", "a port on the coast")
TOPICS = (
    "the local council",
    "the new railway",
    "the price of bread",
    "the public library",
    "the school",
    "the market",
)
SIDES = ("very good", "rather good", "neither good nor bad", "rather bad", "very bad")
TIMES = ("last year", "in recent months", "since the spring", "these days")


def persona(number: int) -> str:
    """About 150 tokens."""
    trade, place = TRADES[number % len(TRADES)], PLACES[number % len(PLACES)]
    return (
        f"You are a {trade}, {24 + 3 * number} years old, and you live in {place} with {number % 4} children and your"
        f" parents. You went to school for {8 + number % 9} years and have worked as a {trade} ever since, at first in"
        " another part of the country and for the last years close to your home. On most evenings you read the paper"
        " or listen to the radio, and on Sundays you meet your friends, with whom you talk about work, about the"
        " weather and sometimes about what the government does. You do not belong to any party, you have voted in"
        f" {number % 6} of the last elections, and you say what you think when somebody asks you. You are careful"
        " with money and like to keep your promises, and you want your answers below to be honest and your own."
    )


def item(number: int) -> dict[str, Any]:
    """About 60 tokens: words after the persona's, and the letters of its options."""
    topic, when = TOPICS[number % len(TOPICS)], TIMES[number % len(TIMES)]
    options = "\n".join(f"({letter}) {side}" for letter, side in zip("ABCDE", SIDES, strict=True))
    text = f"\n\nThinking of {topic}, how would you say that things have gone {when}, in {3 + number} words?\n{options}"
    return {"text": f"{text}\nAnswer: (", "choices": list("ABCDE")}


def write(file: Path, personas: int, items: int) -> None:
    """The prompts, in the form of the peers' `survey_items.py`, each persona's items together."""
    rows = []
    for one in range(personas):
        for asked in map(item, range(items)):
            shares = [1 / len(asked["choices"])] * len(asked["choices"])
            rows.append({"prompt": persona(one) + asked["text"], "choices": asked["choices"], "shares": shares})
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--peer-batches", default="8", help="batch sizes to give the peer, with commas")
    parser.add_argument("--peer-personas", type=int, default=None, help="left out, all of them")
    parser.add_argument("--personas", type=int, default=20)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument(
        "--dtype", default="bfloat16", choices=["bfloat16", "float32"], help="ours; the peer's is bfloat16"
    )
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="auditc-benchmark-"))
    few = min(options.peer_personas or options.personas, options.personas)
    try:
        whole, part, model = folder / "items.jsonl", folder / "part.jsonl", folder / "model"
        write(whole, options.personas, options.items)
        write(part, few, options.items)
        model.mkdir()
        engine = open_engine(without_template(options.model, model), options.dtype)
        requests, batch = requests_of(whole), flow_batch()
        tokens = unique_tokens(engine, requests)
        ours(engine, requests[:8], batch)
        rounds: list[dict[str, Any]] = []
        for _ in range(options.runs):
            before = matmul_rate(options.dtype)
            mine = ours(engine, requests, batch)
            limit = max(before, matmul_rate(options.dtype)) / (2 * parameters(engine))
            script = options.peers / "lm_eval_first_token.py"
            peers = {
                size: theirs(options.peer_python, script, [str(options.model), str(part), size])["items_per_s"]
                for size in options.peer_batches.split(",")
            }
            share = tokens / mine["seconds"] / limit
            rounds.append({**mine, "peer_items_per_s": peers, "share_of_limit": share})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratios = [r["items_per_s"] / max(r["peer_items_per_s"].values()) for r in rounds]
    lengths = engine.lengths([request.prompt for request in requests])
    result = {
        "work": "first token, prompts that begin alike",
        "items": len(requests),
        "peer_items": few * options.items,
        "tokens": sum(lengths),
        "unique_tokens": tokens,
        "beginning": max(len(fed) for fed in engine._prompts.encode([persona(n) for n in range(options.personas)])),
        "dtype": options.dtype,
        "batch": batch,
        "batch_tokens": engine.identity["batch_tokens"],
        "runs": rounds,
        "ratio_to_best_peer": {"median": statistics.median(ratios), "all": ratios},
        "share_of_limit": statistics.median(r["share_of_limit"] for r in rounds),
        **machine(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
