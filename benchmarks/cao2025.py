"""First-token alignment on the splits of Cao et al. (2025): a training and its audit in one spec; prints one JSON line.

    python benchmarks/cao2025.py MODEL_FOLDER DATA/cao2025 DATA/wvs7/shares_by_country_sex_age.jsonl.gz \\
        --countries 6 --train 40 --test 30

Their splits: countries C1 (train) and C2 (African, never trained on) by questions Q1 (train), Q2 (validation) and Q3
(test). Trained on some of C1 x Q1, kept by the loss on C1 x Q2, audited on C2 x Q1 (their test_2) and C2 x Q3 (their
test_4), zero-shot and trained, each beside the control with shuffled countries. Their shares; how many people stand
behind each comes from the survey itself, and a cell without that number is left out. Their wording of the prompt is not
used: it is ours, so figures are near their setting and not theirs. The data are not part of auditc; where they come
from is said in docs/benchmarks.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from first_token import machine

from auditc.weights._safetensors import content_digest

SPEC = """
audit cao {{ title = "First-token alignment on the splits of Cao et al."   version = "1"   seed = 7 }}
model zero_shot {{
  weights = folder("model", sha256 = "{digest}")   family = "asked"   origin = "west"   stage = "instruct"
  backend = transformers {{ dtype = {dtype} }}
}}
{populations}
survey values {{
  items     = csv("items.csv")
  reference = csv("shares.csv", by = [country])
  split {{ column = part }}
}}
train tuned {{
  from = zero_shot   objective = first_token_kl {{ survey = values.train }}   as = [{learnt}]
  adapter = {adapter}   epochs = {epochs}   keep = lowest(valid)
}}
first_token same_questions {{
  ask = values.train   of = [zero_shot, tuned]   as = [{unseen}]   orders = {orders}   in_words = 0%
  control = shuffled_countries {{ among = csv("countries.csv") }}
  jsd {{ }}   emd {{ }}
}}
first_token new_questions {{
  ask = values.test   of = [zero_shot, tuned]   as = [{unseen}]   orders = {orders}   in_words = 0%
  control = shuffled_countries {{ among = csv("countries.csv") }}
  jsd {{ }}   emd {{ }}
}}
report r {{ formats = [html, json]   languages = [en] }}
"""
PEOPLE = 'population {name} {{ country = "{country}"   language = en }}\n'
ORDINAL = 3
"""Options in an order: at least so many, which is a rule of thumb for this benchmark's `emd` alone."""


def rows(file: Path) -> list[dict[str, Any]]:
    """A split of theirs."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        found: list[dict[str, Any]] = json.load(lines)
    return found


def people_behind(file: Path) -> dict[tuple[str, str], int]:
    """How many people answered, by country and question."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        cells = [json.loads(line) for line in lines]
    return {(cell["country"], cell["qid"].removeprefix("Q")): cell["n"] for cell in cells}


def chosen(splits: dict[str, list[dict[str, Any]]], part: str, most: int, countries: set[str]) -> list[str]:
    """Questions of a split that all of these countries have, spread evenly."""
    here: dict[str, set[str]] = {}
    for row in splits[part]:
        here.setdefault(row["id"], set()).add(row["country"])
    ids = sorted((one for one, there in here.items() if countries <= there), key=int)
    return [ids[at * len(ids) // min(most, len(ids))] for at in range(min(most, len(ids)))]


def write(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The workspace; what it holds, in numbers."""
    data = Path(args.data)
    names = {"train": "train", "valid": "valid", "test_2": "test_2_C2-Q1", "test_4": "test_4_C2-Q3"}
    splits = {name: rows(data / f"{file}.json.gz") for name, file in names.items()}
    behind = people_behind(Path(args.people))

    def known(row: dict[str, Any]) -> bool:
        return (row["country"], row["id"]) in behind

    splits = {name: [row for row in found if known(row)] for name, found in splits.items()}
    unseen = sorted({row["country"] for row in splits["test_4"]})
    pool = sorted({row["country"] for row in splits["train"]} - set(unseen))
    learnt = [pool[at * len(pool) // args.countries] for at in range(args.countries)]
    parts = {
        "train": [
            one
            for one in chosen(splits, "train", 10_000, set(learnt))
            if one in chosen(splits, "test_2", 10_000, set(unseen))
        ],
        "valid": chosen(splits, "valid", args.valid, set(learnt)),
        "test": chosen(splits, "test_4", args.test, set(unseen)),
    }
    parts["train"] = [parts["train"][at * len(parts["train"]) // args.train] for at in range(args.train)]
    texts = {row["id"]: row for name in ("train", "valid", "test_4") for row in splits[name]}
    of = {(row["country"], row["id"]): row for found in splits.values() for row in found}
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "scale", "part", "text.en", "options.en"])
        for part, ids in parts.items():
            for one in ids:
                text = texts[one]["input"].split("Here are the options:")[0].strip()
                options = [option[3:].strip().replace("|", "/") for option in texts[one]["options"]]
                scale = "ordinal" if len(options) >= ORDINAL else "nominal"
                table.writerow([f"Q{one}", scale, part, text, "|".join(options)])
    with (folder / "shares.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["item", "country", "n", "shares"])
        for country in (*learnt, *unseen):
            for one in (one for ids in parts.values() for one in ids):
                row = of.get((country, one))
                if row is not None:
                    whole = sum(row["options_dist"].values())
                    shares = [f"{share / whole:.8f}" for share in row["options_dist"].values()]
                    table.writerow([f"Q{one}", country, behind[country, one], "|".join(shares)])
    with (folder / "countries.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name.en"], *([country] for country in pool)])
    word = {country: country.lower().replace(" ", "_").replace("-", "_") for country in (*learnt, *unseen)}
    spec = SPEC.format(
        digest=content_digest(Path(args.model), folder / "cache"),
        dtype=args.dtype,
        populations="".join(PEOPLE.format(name=word[country], country=country) for country in word),
        learnt=", ".join(word[country] for country in learnt),
        unseen=", ".join(word[country] for country in unseen),
        adapter=args.adapter,
        epochs=args.epochs,
        orders=args.orders,
    )
    (folder / "cao.audit").write_text(spec, encoding="utf-8")
    shutil.copytree(args.model, folder / "model")
    return {"learnt": learnt, "unseen": unseen, **{part: len(ids) for part, ids in parts.items()}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("people")
    parser.add_argument("--countries", type=int, default=6)
    parser.add_argument("--train", type=int, default=40)
    parser.add_argument("--valid", type=int, default=12)
    parser.add_argument("--test", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--orders", type=int, default=2)
    parser.add_argument("--adapter", default="lora { }")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--keep", help="a folder that is not there yet, for the workspace")
    args = parser.parse_args()
    folder = Path(args.keep or tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    held = write(folder, args)
    auditc = [sys.executable, "-m", "auditc"]
    subprocess.run([*auditc, "compile", "cao.audit"], cwd=folder, check=True, stdout=sys.stderr)
    began = time.monotonic()
    done = subprocess.run([*auditc, "run", "--json"], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    ended = json.loads(done.stdout.splitlines()[-1])
    findings = json.loads((folder / ended["findings"]).read_text(encoding="utf-8"))
    figures = [
        {key: found[key] for key in ("block", "metric", "model", "condition", "population", "estimate", "low", "high")}
        for found in findings["findings"]
        if not found["axes"] and found["metric"] in ("jsd", "emd")
    ]
    changes = [
        {key: found[key] for key in ("of", "block", "metric", "left", "right", "population", "estimate", "low", "high")}
        for found in findings.get("contrasts", [])
        if not found["axes"]
    ]
    trainings = [
        {key: row[key] for key in ("model", "examples", "valid", "kept", "stopped", "curve")}
        for row in findings["trainings"]
    ]
    print(
        json.dumps(
            {
                "work": "cao2025",
                "model": Path(args.model).name[:12],
                **held,
                "epochs": args.epochs,
                "adapter": args.adapter,
                "seconds": round(time.monotonic() - began, 1),
                "trainings": trainings,
                "figures": figures,
                "changes": changes,
                **machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
