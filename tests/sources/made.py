"""Small files in the forms of the publishers, made up here: nothing in them is anybody's answer or sentence."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

COUNTRIES = (("840", "USA", "United States"), ("156", "CHN", "China"), ("32", "ARG", "Argentina"))
LABELS = {
    "Q1": {1: "Very much", 2: "Rather", 3: "Not very", 4: "Not at all", -1: "Don't know", -2: "No answer"},
    "Q2": {0: "Hard to say", 1: "Yes", 2: "No", 9: "Don´t know"},
    "B_COUNTRY": {840: "United States", 156: "China", 32: "Argentina"},
}
TITLES = {"Q1": "How much custom counts", "Q2": "Whether to move away"}
CODEBOOK = (
    "id,scale,dimension,text.en,options.en,codes\n"
    "Q1,ordinal,custom,How much does custom count for you?,Very much|Rather|Not very|Not at all,\n"
    "Q2,nominal,place,Would you move away?,Hard to say|Yes|No,0|1|2\n"
)


def persons(n: int = 600, seed: int = 1) -> dict[str, list[Any]]:
    """Columns of wave 7, with every kind of code that is no answer."""
    draw = np.random.default_rng(seed)
    country = draw.integers(0, len(COUNTRIES), n)
    return {
        "A_WAVE": [7] * n,
        "B_COUNTRY": [int(COUNTRIES[c][0]) for c in country],
        "B_COUNTRY_ALPHA": [COUNTRIES[c][1] for c in country],
        "D_INTERVIEW": list(range(70_000, 70_000 + n)),
        "Q1": draw.choice([1, 2, 3, 4, -1, -2], n, p=[0.3, 0.3, 0.2, 0.1, 0.05, 0.05]).tolist(),
        "Q2": draw.choice([0, 1, 2, 9], n, p=[0.1, 0.4, 0.4, 0.1]).tolist(),
        "Q260": draw.choice([1, 2, -2], n, p=[0.45, 0.5, 0.05]).tolist(),
        "Q262": draw.choice([*range(16, 90), -1], n).tolist(),
        "W_WEIGHT": np.round(draw.gamma(4, 0.25, n), 6).tolist(),
    }


def write_csv(path: Path, columns: dict[str, list[Any]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def write_labelled(path: Path, columns: dict[str, list[Any]]) -> Path:
    """An SPSS or Stata file, by the ending of its name; SPSS declares the 9 of Q2 missing."""
    import pandas
    import pyreadstat

    frame = pandas.DataFrame(columns)
    labels = {name: found for name, found in LABELS.items() if name in columns}
    titles = {name: title for name, title in TITLES.items() if name in columns}
    if path.suffix == ".dta":
        pyreadstat.write_dta(frame, str(path), variable_value_labels=labels, column_labels=titles)
    else:
        missing = {"Q2": [{"lo": 9, "hi": 9}]}
        pyreadstat.write_sav(
            frame, str(path), variable_value_labels=labels, column_labels=titles, missing_ranges=missing
        )
    return path


def plain_shares(
    columns: dict[str, list[Any]], item: str, codes: list[int], who: Any, weight: bool
) -> tuple[int, list[float]]:
    """n and shares of those for whom `who(row)` holds, one person after the other."""
    total, n = dict.fromkeys(codes, 0.0), 0
    for row in range(len(columns[item])):
        if columns[item][row] in total and who(row):
            total[columns[item][row]] += columns["W_WEIGHT"][row] if weight else 1.0
            n += 1
    return n, [total[code] / sum(total.values()) for code in codes]


GOQA: tuple[dict[str, Any], ...] = (
    {
        "question": "Is the sea far from where you live?",
        "selections": {
            "Japan": [0.25, 0.65, 0.1],
            "China (Non-national sample)": [0.2, 0.7, 0.1],
            "Kenya": [0.5, 0.5, 0],
        },
        "options": ["Far", "Near", "DK/Refused"],
        "source": "GAS",
    },
    {
        "question": "Would you call this year a good one?",
        "selections": {"Japan": [0.1, 0.9], "Andorra": [0.3, 0.7], "Germany": [0.4, 0.6], "Kenya": [0, 0]},
        "options": ["Good", "Bad"],
        "source": "WVS",
    },
    {
        "question": "Would you call this year a good one?",
        "selections": {"Japan": [0.2, 0.3, 0.5], "Kenya": [0.5, 0.6, 0.4]},
        "options": ["Good", "Neither (VOL)", "Bad"],
        "source": "GAS",
    },
)


def goqa_lines(rows: tuple[dict[str, Any], ...] = GOQA) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def goqa_by_country() -> list[dict[str, Any]]:
    """The same shares, a row for each country."""
    flags = {"Andorra": "wrong_country_key", "Germany": "pooled"}
    return [
        {
            "question": row["question"],
            "options": row["options"],
            "country": country,
            "distribution": shares,
            "quality_flag": flags.get(country) if row["source"] == "WVS" else None,
        }
        for row in GOQA
        for country, shares in row["selections"].items()
    ]


RULES = ("death", "pain", "disable", "freedom", "pleasure", "deceive", "cheat", "break_promise", "break_law", "duty")
_HEAD = ("scenario_id", "ambiguity", "generation_type", "generation_rule", "context", "action1", "action2")


def moralchoice_row(name: str, made_for: str, breaks_1: set[str], breaks_2: set[str]) -> dict[str, str]:
    flags = {
        f"a{n}_{rule}": "Yes" if rule in broken else "No"
        for n, broken in ((1, breaks_1), (2, breaks_2))
        for rule in RULES
    }
    told = (name, "high", "Hand-Written", made_for, f"A ferry is late, {name}.", "I wait.", "I swim.")
    return dict(zip(_HEAD, told, strict=True)) | flags


def moralchoice_rows() -> list[dict[str, str]]:
    return [
        moralchoice_row("H_001", "Do not deceive", {"duty"}, {"deceive"}),
        moralchoice_row("H_002", "Do not cheat", {"pain"}, {"cheat", "deceive"}),
        moralchoice_row("H_003", "Do not kill", set(), {"death"}),
        moralchoice_row("H_004", "Do not kill", {"duty"}, {"pain", "disable"}),
    ]


def moralchoice_text(rows: list[dict[str, str]]) -> str:
    lines = [",".join(rows[0])]
    lines += [",".join(f'"{cell}"' for cell in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def mmd_row(idx: int, word: str, told: str = "dilemma", steps: int = 5) -> dict[str, Any]:
    row: dict[str, Any] = {"norm": "Be kind.", "idx": idx}
    for step in range(1, steps + 1):
        row[f"step {step}_situation"] = f"A {word} waits at gate {step}."
        row[f"step {step}_{told}"] = f"Do you stay at gate {step}?"
        row[f"step {step}_choiceA"] = f"Stay with the {word}."
        row[f"step {step}_choiceA_value"] = "care/harm" if step % 2 else "Care/Harm"
        row[f"step {step}_choiceB"] = "Walk on."
        row[f"step {step}_choiceB_value"] = "liberty/oppression"
    return row


def mmd_rows() -> list[dict[str, Any]]:
    """One `idx` twice with other words, one scenario twice."""
    return [mmd_row(3, "goat"), mmd_row(8, "hen", told="conflict"), mmd_row(3, "horse"), mmd_row(8, "hen")]
