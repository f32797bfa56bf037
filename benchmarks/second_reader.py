"""A second reader on the labelled answers: what a model makes of those that the parser could not read, as figures for
`docs/parser.md`.

    python benchmarks/second_reader.py MODEL_FOLDER

The model is asked as `second_reading` asks it: the same words, greedily, twelve tokens, and its reply is read the same
way. Labels and texts are those of `tests/reading/answers.jsonl`, items those of `examples/us_cn`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from first_token import open_engine

from auditc.compiler.pipeline import compile_spec
from auditc.diagnostics import Sink
from auditc.evidence.estimate import wilson
from auditc.ir.exchange import GenerateReply
from auditc.ir.plan import Assess, Plan
from auditc.methods import methods
from auditc.runtime.assessing import AssessAsking, assess_asking
from auditc.runtime.cells import participants
from auditc.runtime.sheets import Look, judged

ROOT = Path(__file__).parent.parent
ANSWERS = ROOT / "tests" / "reading" / "answers.jsonl"
DATA = ("items.csv", "shares.csv", "us_states.csv", "cn_provinces.csv", "countries.csv")
BLOCK = """
def_survey citizens {
  ask = values  of = [smollm2]  as = [us, cn]  draws = 1  second_reading = gemma3
  kl { }
}
"""
POPULATION = {"en": "us", "zh": "cn"}
BATCH = 32


def spec() -> Plan:
    """The plan of an audit whose block has a second reader: models, populations and items are the example's."""
    source = (ROOT / "examples" / "us_cn" / "us_cn.audit").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for name in DATA:
            (Path(folder) / name).write_bytes((ROOT / "examples" / "us_cn" / name).read_bytes())
        path = Path(folder) / "second.audit"
        path.write_text(source.split("# How likely is each answer")[0] + BLOCK, encoding="utf-8")
        return compile_spec(path, Sink()).plan


def unread() -> Iterator[dict[str, Any]]:
    """The labelled answers that the parser makes nothing of."""
    read = methods.take("def_survey").read
    for line in ANSWERS.read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        if read(given["text"], tuple(given["options"]), given["language"]).reason == "unparsable":
            yield given


def asked(asking: AssessAsking, given: dict[str, Any]) -> Any:
    """The request of the second reader about one answer."""
    [source] = asking.sources.values()
    population = POPULATION[given["language"]]
    question = asking.questions[source.name, given["item"]]
    shown = question.options(given["language"])
    assert list(shown) == given["options"], given["id"]
    person = participants(source, asking.plan.populations[population], (question,))[0]
    look = Look(0, next(iter(asking.stage.questions)), given["language"], source.name, population, given["item"])
    return asking.about_answer(look, person, given["text"]).request


def main() -> None:
    """Prints rows of Markdown: by who wrote the answer and its language, and for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    options = parser.parse_args()
    plan, started = spec(), time.perf_counter()
    stage = next(stage for stage in plan.stages if isinstance(stage, Assess) and stage.picks)
    engine = open_engine(options.model, options.dtype)
    asking = assess_asking(plan, stage, engine.identity)
    answers = list(unread())
    requests = [asked(asking, given) for given in answers]
    replies = [reply for at in range(0, len(requests), BATCH) for reply in engine.generate(requests[at : at + BATCH])]
    counts: dict[str, Counter[str]] = {}
    for given, reply in zip(answers, replies, strict=True):
        assert isinstance(reply, GenerateReply), reply
        said = judged(stage, reply, given["language"], tuple(given["options"])).option
        named = said + 1 if said is not None and said < len(given["options"]) else "unparsable"
        kind = ("right" if named == given["label"] else "another") if named != "unparsable" else "none"
        labelled = "unparsable" if given["label"] == "unparsable" else "option"
        for group in (f"{given['model']}, {given['language']}", "all"):
            counts.setdefault(group, Counter())[f"{labelled}, {kind}"] += 1
    for group in sorted(counts, key=lambda name: (name == "all", name)):
        row(group, counts[group])
    print(f"{len(answers)} answers, {time.perf_counter() - started:.0f} s", file=sys.stderr)


def row(group: str, counts: Counter[str]) -> None:
    """One row of the table."""
    of = counts.total()
    right = counts["option, right"] + counts["unparsable, none"]
    wrong = counts["option, another"] + counts["unparsable, another"]
    cells = [share(right, of), share(wrong, of)]
    cells.append(share(counts["option, right"], sum(n for kind, n in counts.items() if kind.startswith("option"))))
    print("|", " | ".join((group, *cells)), "|", flush=True)


def share(count: int, of: int) -> str:
    """In percent, with Wilson's interval."""
    if not of:
        return "none"
    low, high = wilson(count / of, of, 1.96)
    return f"{100 * count / of:.1f} % ({100 * low:.1f} to {100 * high:.1f}; {count} of {of})"


if __name__ == "__main__":
    main()
