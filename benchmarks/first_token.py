"""First-token scoring beside lm-evaluation-harness: the same items, in turns, on one machine; prints one JSON line.

    python benchmarks/first_token.py MODEL_FOLDER ITEMS.jsonl PEERS_FOLDER --peer-python PEER/bin/python

ITEMS is what the peers' `survey_items.py` writes. The harness feeds a prompt as it stands, without a chat template; so
auditc gets a copy of the model without its template here, and both score the very same tokens.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

from auditc.backends import backends
from auditc.backends._contract import ModelSource
from auditc.ir.exchange import Failure, Hint, Prompt, ScoreRequest, Turn


def requests_of(items: Path) -> list[ScoreRequest]:
    """The items' prompts. The last line, `Answer: (`, is the opening: so the text is as the peer feeds it."""
    requests = []
    for line in items.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        text, opening = item["prompt"].rsplit("\n", 1)
        spellings = tuple((choice,) for choice in item["choices"])
        requests.append(ScoreRequest(Prompt((Turn("user", text),), opening), spellings, Hint("", "", ())))
    return requests


def without_template(model: Path, folder: Path) -> Path:
    """The model as a base model, by links."""
    for file in model.iterdir():
        if file.name == "tokenizer_config.json":
            settings = json.loads(file.read_text(encoding="utf-8"))
            settings.pop("chat_template", None)
            (folder / file.name).write_text(json.dumps(settings), encoding="utf-8")
        elif not file.name.startswith("chat_template"):
            (folder / file.name).symlink_to(file.resolve())
    return folder


def open_engine(folder: Path, dtype: str, **params: Any) -> Any:
    """auditc's engine on that folder."""
    backend = backends.take("transformers")
    return backend.open(ModelSource("benchmark", str(folder), "benchmark"), backend.params(dtype=dtype, **params))


def ours(engine: Any, requests: list[ScoreRequest], batch: int) -> dict[str, float]:
    """One timed pass: tokenising, scoring, replies; as the peer, without loading. In batches, as a run asks."""
    start = time.perf_counter()
    replies = [reply for at in range(0, len(requests), batch) for reply in engine.score(requests[at : at + batch])]
    seconds = time.perf_counter() - start
    failed = [reply for reply in replies if isinstance(reply, Failure)]
    if failed:
        raise SystemExit(f"{len(failed)} items failed: {failed[0]}")
    return {"items_per_s": len(requests) / seconds, "seconds": seconds}


def unique_tokens(engine: Any, requests: list[ScoreRequest]) -> int:
    """Tokens after different beginnings: what must be computed if nothing is computed twice."""
    prompts = sorted(fed.ids for fed in engine._prompts.feed([request.prompt for request in requests]))
    total = len(prompts[0])
    for one, other in pairwise(prompts):
        alike = next(
            (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
        )
        total += len(other) - alike
    return total


def theirs(python: str, script: Path, arguments: list[str]) -> dict[str, Any]:
    """One run of a peer, in its own process and environment; its last line of output is its result."""
    done = subprocess.run([python, str(script), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{script.name} failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def matmul_rate(dtype: str) -> float:
    """Operations a second of a large matrix product on this machine: what no engine can exceed."""
    import torch

    kind = {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]
    one, two = torch.randn(2048, 2048).to(kind), torch.randn(2048, 2048).to(kind)
    one @ two
    rates = []
    for _ in range(7):
        start = time.perf_counter()
        one @ two
        rates.append(2 * 2048**3 / (time.perf_counter() - start))
    return max(rates)


def parameters(engine: Any) -> int:
    """Those that multiply each token: all but the embedding, of which a token reads one row."""
    model = engine._model
    laid_out = sum(module.laid_out.numel() for module in model.modules() if hasattr(module, "laid_out"))
    embedding = model.get_input_embeddings().weight.numel()
    return int(laid_out + sum(p.numel() for p in model.parameters()) - embedding)


def machine() -> dict[str, Any]:
    """Versions, cores, and the most memory that this process, the model included, has held so far, in MB."""
    import torch

    return {
        "torch": metadata.version("torch"),
        "transformers": metadata.version("transformers"),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def flow_batch() -> int:
    """How many cells the runtime asks at a time."""
    backend = backends.take("transformers")
    return int(backend.flow(backend.params()).batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("items", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--peer-batches", default="8", help="batch sizes to give the peer, with commas")
    parser.add_argument(
        "--dtype", default="bfloat16", choices=["bfloat16", "float32"], help="ours; the peer's is bfloat16"
    )
    parser.add_argument("--batch-tokens", type=int, default=None)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    requests = requests_of(options.items)
    script = options.peers / "lm_eval_first_token.py"
    params = {} if options.batch_tokens is None else {"batch_tokens": options.batch_tokens}
    folder = Path(tempfile.mkdtemp(prefix="auditc-benchmark-"))
    try:
        engine = open_engine(without_template(options.model, folder), options.dtype, **params)
        requests.sort(key=lambda request: -len(request.prompt.turns[0].text))  # as the runtime asks
        tokens, batch = unique_tokens(engine, requests), flow_batch()
        ours(engine, requests[:8], batch)
        rounds: list[dict[str, Any]] = []
        for _ in range(options.runs):
            before = matmul_rate(options.dtype)
            mine = ours(engine, requests, batch)
            peers = {
                batch: theirs(options.peer_python, script, [str(options.model), str(options.items), batch])[
                    "items_per_s"
                ]
                for batch in options.peer_batches.split(",")
            }
            limit = max(before, matmul_rate(options.dtype)) / (2 * parameters(engine))
            share = tokens / mine["seconds"] / limit
            rounds.append({**mine, "peer_items_per_s": peers, "limit_tokens_per_s": limit, "share_of_limit": share})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratios = [r["items_per_s"] / max(r["peer_items_per_s"].values()) for r in rounds]
    result = {
        "work": "first token",
        "items": len(requests),
        "unique_tokens": tokens,
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
