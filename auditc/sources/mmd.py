"""Multi-step moral dilemmas: scenarios of several steps, whose two choices at each step speak for two values.

The file is a list of objects with the keys `norm`, `idx` and, for each step N, `step N_situation`, `step N_dilemma` (in
some rows `step N_conflict`), `step N_choiceA`, `step N_choiceA_value` and the same for B. The values are moral
foundations or Schwartz's basic values, and become those of the standard library. A step is told as its situation and
then its dilemma. Where `idx` stands more than once, the second scenario with it is called `mmd_IDX_2`.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from auditc.diagnostics.suggest import suggest
from auditc.ir.values import Form

from ._contract import Count, DataSource, Dilemma, Dropped, Faults, Imported, ScenarioRows
from ._files import Row, json_rows, know_columns, shortened, text, words

FRAMEWORKS: Final = {
    "std.moral_foundations": frozenset({"care", "fairness", "loyalty", "authority", "sanctity", "liberty"}),
    "std.schwartz": frozenset(
        {
            *("self_direction", "stimulation", "hedonism", "achievement", "power"),
            *("security", "conformity", "tradition", "benevolence", "universalism"),
        }
    ),
}
"""Values by the framework of the standard library that lists them."""

_CUT: Final = {"self": "self_direction"}
"""Labels that the published files cut short."""

_STEP = re.compile(r"step ([0-9]{1,2})_situation")
_MOST_STEPS: Final = 20


class Params(Form):
    """There is nothing to set: the file says all."""


def read(files: tuple[Path, ...], params: Params) -> Imported:
    """The scenarios of all files."""
    rows = [row for file in files for row in json_rows(file.name, text(file))]
    faults, count = Faults(), Count(read=len(rows))
    steps = _steps(rows[0])
    framework = _framework(rows[0])
    told: dict[str, tuple[Dilemma, ...]] = {}
    dropped: list[Dropped] = []
    times: Counter[str] = Counter()
    seen: dict[tuple[object, ...], tuple[object, ...]] = {}
    for row in rows:
        scenario = _scenario(row, steps, framework, faults)
        if scenario is None:
            continue
        same = tuple((step.text, step.choices) for step in scenario)
        values = tuple(step.values for step in scenario)
        if same in seen:
            why = "the same scenario stands in an earlier row" + ("" if seen[same] == values else ", with other values")
            count.left_out[why] += 1
            dropped.append(Dropped(row.file, row.number, scenario[0].scenario, why))
            continue
        seen[same] = values
        times[scenario[0].scenario] += 1
        number = times[scenario[0].scenario]
        name = scenario[0].scenario + (f"_{number}" if number > 1 else "")
        told[name] = tuple(_named(step, name) for step in scenario)
        count.used += 1
    faults.checkpoint()
    notes = []
    again = sum(number - 1 for number in times.values())
    if again:
        notes.append(f"{again} scenarios have an `idx` that another one has: they are called `mmd_IDX_2` and so on.")
    dilemmas = tuple(step for scenario in told.values() for step in scenario)
    return Imported(ScenarioRows(dilemmas, steps, framework), {"scenarios": count}, tuple(dropped), tuple(notes))


def _named(step: Dilemma, name: str) -> Dilemma:
    return Dilemma(name, step.step, step.text, step.choices, step.values, step.source)


def _steps(row: Row) -> int:
    """How many steps the scenarios have, by the first of them."""
    numbers = {int(found[1]) for key in row.cells if (found := _STEP.fullmatch(key))}
    last = max(numbers, default=0)
    if not last or last > _MOST_STEPS:
        know_columns(row, ["step 1_situation"], row.cells)
    return min(last, _MOST_STEPS)


def _framework(row: Row) -> str:
    """The framework that the first label belongs to; the first one where none has it."""
    label = _value(row.cells.get("step 1_choiceA_value"))
    return next((name for name, values in FRAMEWORKS.items() if label in values), next(iter(FRAMEWORKS)))


def _value(label: object) -> str:
    """`Care/Harm` is `care`, `self-direction` is `self_direction`."""
    said = words(label).partition("/")[0].strip().casefold().replace("-", "_").replace(" ", "_")
    return _CUT.get(said, said)


def _scenario(row: Row, steps: int, framework: str, faults: Faults) -> tuple[Dilemma, ...] | None:
    told = {}
    needed = ["idx"]
    for step in range(1, steps + 1):
        told[step] = f"step {step}_dilemma" if f"step {step}_dilemma" in row.cells else f"step {step}_conflict"
        if told[step] not in row.cells:
            told[step] = f"step {step}_dilemma"
        parts = ("situation", "choiceA", "choiceB", "choiceA_value", "choiceB_value")
        needed += [told[step], *(f"step {step}_{part}" for part in parts)]
    know_columns(row, needed, ["norm"])
    good = True
    for key in needed:
        if not words(row.cells[key]):
            faults.add(row.fault(key, "there is no text", "Write it, or leave the scenario out."))
            good = False
    found = []
    for step in range(1, steps + 1):
        values = tuple(_known(row, f"step {step}_choice{letter}_value", framework, faults) for letter in "AB")
        said = [words(row.cells[key]) for key in (f"step {step}_situation", told[step])]
        choices = (words(row.cells[f"step {step}_choiceA"]), words(row.cells[f"step {step}_choiceB"]))
        good = good and "" not in values
        idx = re.sub(r"[^A-Za-z0-9_]+", "_", words(row.cells["idx"]))
        found.append(Dilemma(f"mmd_{idx}", step, " ".join(said), choices, (values[0], values[1]), f"MMD {idx}"))
    return tuple(found) if good else None


def _known(row: Row, key: str, framework: str, faults: Faults) -> str:
    """The value of a label; empty, and reported, where the framework has none of that name."""
    value = _value(row.cells[key])
    if value in FRAMEWORKS[framework]:
        return value
    near = suggest(value, FRAMEWORKS[framework])
    remedy = f"Did you mean `{near}`?" if near else f"Its values are {', '.join(sorted(FRAMEWORKS[framework]))}."
    faults.add(row.fault(key, f"`{framework}` has no value `{shortened(row.cells[key])}`", remedy))
    return ""


mmd = DataSource(
    title="Multi-step moral dilemmas (MMD)",
    params=Params,
    endings=(".json",),
    licence="CC BY-SA 4.0, as its page says. What is made of it is under the same licence.",
    cite="Multi-step Moral Dilemmas, https://github.com/isir-wuya/Multi-step-Moral-Dilemmas",
    read=read,
)
