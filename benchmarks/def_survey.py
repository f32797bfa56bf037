"""`def_survey` beside the one-by-one loop of published code: the same requests, in turns; prints one JSON line.

    python benchmarks/def_survey.py MODEL_FOLDER --beams 1..1 --sizes 20x8 --peer-python PEER/bin/python

Ours is a run as a user meets it: `auditc run` in a fresh workspace, prompts worded, texts parsed, memories kept,
answers stored; its model is loaded before, by a block of its own. The loop is given what that run asked: an evenly
spread part of its recorded requests, with their memories, beams and settings, and generates them one at a time as the
published code does (`model.generate` of transformers), in its own process. Several sizes (participants x items) show
how cost grows. With conditions and a second population, as an audit has them, a size is that of each of them:

    python benchmarks/def_survey.py MODEL_FOLDER --sizes 10x6 --ablations "[prompt, memory]" --populations "[us, cn]"
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).parents[1] / "examples" / "us_cn"
SPEC = """
audit loop {{ title = "loop"   version = "1"   seed = 7 }}
model asked {{
  weights = folder("model", sha256 = "{digest}")   family = "asked"   origin = "west"   stage = "instruct"
  backend = transformers {{ dtype = {dtype} }}
}}
population us {{ country = "United States"   language = en   places = csv("us_states.csv", weight = residents)
  named {{ en = "the United States" }} }}
population cn {{ country = "China"   language = zh   places = csv("cn_provinces.csv", weight = residents)
  named {{ zh = "中国" }} }}
survey values {{ items = csv("items.csv") }}
first_token a_warm {{
  ask = values.sample(1)   of = [asked]   as = [us]   orders = 1   in_words = 0%
}}
def_survey citizens {{
  ask = values.sample({items}, by = dimension)   of = [asked]   as = {populations}   draws = {draws}   memory = {memory}
  beams = {beams}   sampling = {sampling}   ablations = {ablations}   max_new_tokens = {new}   diversity {{ }}
}}
report r {{ formats = [json]   languages = [en] }}
"""


def loop(model_folder: str, dtype: str) -> None:
    """The other side: reads requests as lines of JSON, generates one after the other, prints its seconds."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    requests = [json.loads(line) for line in sys.stdin]
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=getattr(torch, dtype)).eval()
    tokens, start = 0, 0.0
    for number, request in enumerate(requests[:1] + requests):  # the first is asked twice: what it warms is not timed
        if number == 1:
            tokens, start = 0, time.perf_counter()
        how = request["sampling"]
        turns = [{"role": role, "content": text} for role, text in request["turns"]]
        text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False) + request["opening"]
        inputs = tokenizer(text, return_tensors="pt", add_special_tokens=False)
        drawn = {"temperature": how["temperature"], "top_p": 1.0, "top_k": 0} if how["sample"] else {}
        output = model.generate(
            **inputs,
            do_sample=how["sample"],
            num_beams=how["beams"],
            max_new_tokens=how["max_new_tokens"],
            stop_strings=list(how["stop"]) or None,
            tokenizer=tokenizer,
            pad_token_id=tokenizer.eos_token_id,
            **drawn,
        )
        tokens += output.shape[1] - inputs["input_ids"].shape[1]
    seconds = time.perf_counter() - start
    print(json.dumps({"answers": len(requests), "seconds": seconds, "tokens": tokens}))


def rest(most: float = 180.0) -> float:
    """Wait until the machine has had nothing to do for a while, and say its load. A worker's threads sleep where it has
    had other work for the last minute (`runtime/workers/starting.py`), and the loop before is such work."""
    end = time.monotonic() + most
    while os.getloadavg()[0] >= (os.cpu_count() or 1) / 2 and time.monotonic() < end:
        time.sleep(1)
    return os.getloadavg()[0]


def ours(options: argparse.Namespace, draws: int, items: int) -> tuple[dict[str, float], list[str]]:
    """Answers and seconds of all conditions together, and the requests that they asked."""
    from auditc.weights._safetensors import content_digest

    with tempfile.TemporaryDirectory(dir=options.folder) as where:
        folder = Path(where)
        (folder / "model").mkdir()
        for file in options.model.iterdir():
            shutil.copy(file, folder / "model" / file.name)
        for name in ("items.csv", "us_states.csv", "cn_provinces.csv"):
            shutil.copy(EXAMPLE / name, folder / name)
        spec = SPEC.format(
            digest=content_digest(folder / "model", folder / "cache"),
            dtype=options.dtype,
            draws=draws,
            items=items,
            memory=options.memory,
            populations=options.populations,
            ablations=options.ablations,
            beams=options.beams,
            sampling=options.sampling,
            new=options.new,
        )
        (folder / "loop.audit").write_text(spec, encoding="utf-8")
        for command in (["compile", "loop.audit"], ["run", "--quiet"], ["record"]):
            subprocess.run(
                [sys.executable, "-m", "auditc", *command], cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
        record = json.loads(next((folder / ".auditc" / "runs").glob("*/run.json")).read_text())
        seconds = sum(one["seconds"] for one in record["stages"] if one["name"].startswith("citizens/"))
        with gzip.open(folder / "exchanges.jsonl.gz", "rt", encoding="utf-8") as lines:
            asked = [line for line in list(lines)[1:] if f'"max_new_tokens":{options.new}' in line]
    tokens = sum(json.loads(line).get("tokens_out", 0) for line in asked)
    return {"answers": len(asked), "seconds": seconds, "tokens": tokens}, asked


def theirs(options: argparse.Namespace, asked: list[str]) -> dict[str, float]:
    """The loop over an evenly spread part of the requests."""
    count = min(options.peer_requests, len(asked))
    part = [asked[number * len(asked) // count].strip() for number in range(count)]
    command = [options.peer_python, __file__, "--loop", str(options.model), options.dtype]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, input="\n".join(part), capture_output=True, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    if sys.argv[1:2] == ["--loop"]:
        loop(sys.argv[2], sys.argv[3])  # in the environment of the other side, which need not have auditc
        return
    from first_token import machine

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--sizes", default="20x8", help="participants x items, several with commas")
    parser.add_argument("--beams", default="1..1")
    parser.add_argument("--sampling", default="[on]")
    parser.add_argument("--memory", default="0..15")
    parser.add_argument("--ablations", default="[]", help="conditions that are asked beside")
    parser.add_argument("--populations", default="[us]", help="[us], [cn] or [us, cn]")
    parser.add_argument("--new", type=int, default=40)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--peer-requests", type=int, default=24, help="requests that the loop is timed on")
    parser.add_argument("--folder", type=Path, default=None, help="where workspaces are made")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    rounds: list[dict[str, Any]] = []
    for size in options.sizes.split(","):
        draws, items = map(int, size.split("x"))
        for _ in range(options.runs):
            load = rest()
            mine, asked = ours(options, draws, items)
            other = theirs(options, asked)
            rate, peer = (side["answers"] / side["seconds"] for side in (mine, other))
            tokens = [side["tokens"] / side["answers"] for side in (mine, other)]
            rounds.append(
                {
                    "size": size,
                    "load_before": load,
                    **mine,
                    "answers_per_s": rate,
                    "loop_answers_per_s": peer,
                    "tokens_per_answer": tokens[0],
                    "loop_tokens_per_answer": tokens[1],
                    "ratio": rate / peer,
                }
            )
    named = ("beams", "sampling", "memory", "ablations", "populations", "new", "dtype")
    how = {name: getattr(options, name) for name in named}
    result = {"work": "def_survey", **how, "runs": rounds, "ratio": statistics.median(r["ratio"] for r in rounds)}
    print(json.dumps(result | machine()))


if __name__ == "__main__":
    main()
