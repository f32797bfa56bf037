"""Recomputes what can be recomputed of the tables of Liu et al. (2025), from the figures in print.

Run it with `python docs/examples/def_paper.py`; docs/def-paper.md shows what it prints. The tests are those of
`auditc.evidence.published`, which a report prints too.
"""

from __future__ import annotations

import itertools
from math import sqrt

import numpy as np

from auditc.evidence.published import Sample, Tested, pooled_t, sample, welch_t

SHOWN = 0.005
"""Half a unit of the last digit in print: how far a printed figure may be from the one that was computed."""

GROUPS = {
    "U.S.": {"Llama-3": (1.28, 0.50, 0.10), "Mistral": (0.93, 0.34, 0.07)},
    "Chinese": {"Llama-3": (1.35, 0.74, 0.14), "Mistral": (0.92, 0.33, 0.06)},
}
"""Table 3: mean, standard deviation, standard error of the mean."""
PRINTED = {"U.S.": (3.01, 52, 0.12, 0.0041), "Chinese": (2.77, 52, 0.16, 0.0079)}
"""Table 3: t, degrees of freedom, standard error of the difference, p."""

TABLE_1 = {
    ("Mistral-7B-Instruct", "Cao et al. (2023)"): "6.34 6.08 5.33 6.34 6.44 6.48 6.39 6.32 6.36 6.36",
    ("Mistral-7B-Instruct", "CCSV-single"): "3.86 4.11 3.97 4.44 4.01 3.49 3.60 3.91 3.87 3.78",
    ("Mistral-7B-Instruct", "CCSV-list"): "0.59 0.68 0.41 0.42 0.65 0.76 0.39 0.37 0.48 0.53",
    ("Mistral-7B-Instruct", "DEF"): "0.85 0.65 0.73 0.65 0.92 0.83 0.70 0.86 1.06 0.81",
    ("Dolphin-2.9.1-Llama-3-8B", "Cao et al. (2023)"): "5.99 5.17 5.89 5.76 5.25 5.58 6.17 5.45 5.37 5.63",
    ("Dolphin-2.9.1-Llama-3-8B", "CCSV-single"): "3.19 2.20 2.46 3.12 2.67 2.90 3.42 2.83 3.38 3.01",
    ("Dolphin-2.9.1-Llama-3-8B", "CCSV-list"): "0.59 0.68 0.41 0.42 0.65 0.76 0.39 0.37 0.48 0.53",
    ("Dolphin-2.9.1-Llama-3-8B", "DEF"): "0.92 0.58 0.57 0.82 0.78 0.89 0.64 0.81 0.92 0.77",
}
TABLE_2 = {
    "Baichuan2-13B-Chat": "1.40 1.10 1.22 1.84 1.18 1.59 0.84 1.34 1.17 1.30",
    "ChatGLM-6B": "1.55 1.14 1.79 1.70 2.04 1.79 1.49 1.24 2.13 1.65",
    "Claude-3.5-Sonnet": "1.08 0.68 0.88 1.28 1.13 1.33 0.66 1.11 1.43 1.06",
    "Dolphin-2.9.1-Llama-3-8B": "0.92 0.58 0.57 0.82 0.78 0.89 0.64 0.81 0.92 0.77",
    "Dolphin-2.2.1-Mistral-7B": "0.95 0.66 1.41 1.32 0.88 0.90 0.60 0.90 1.12 0.97",
    "Llama-3-Chinese-8B": "1.17 0.76 0.88 0.77 1.26 1.51 1.20 1.60 1.04 1.13",
    "Llama-3-8B": "1.51 2.11 1.73 1.80 1.76 2.32 0.82 1.89 1.93 1.76",
    "Llama-3-8B-Instruct": "1.28 1.13 1.18 1.19 1.70 1.38 1.25 1.59 1.31 1.34",
    "Mistral-7B-Instruct": "0.58 0.65 0.73 0.65 0.92 0.83 0.70 0.86 1.06 0.81",
    "Mixtral-8x7B-Instruct": "0.86 0.65 0.92 1.34 1.27 1.19 0.60 0.93 1.12 0.99",
    "WizardLM-13B": "1.42 1.19 0.75 0.99 1.80 1.10 0.98 1.14 1.73 1.23",
}
"""Nine value dimensions (EVI IDV IVR LTO MAS PDI TDI UAI USI), then their average, as printed."""
LLAMA = ("Dolphin-2.9.1-Llama-3-8B", "Llama-3-Chinese-8B", "Llama-3-8B", "Llama-3-8B-Instruct")
MISTRAL = ("Dolphin-2.2.1-Mistral-7B", "Mistral-7B-Instruct", "Mixtral-8x7B-Instruct")

TABLE_4 = {
    "None": (0.0, 2.2341),
    "without memory": (3.3, 2.0607),
    "without config": (67.3, 2.0431),
    "without prompt": (78.3, 2.1612),
    "DEF": (79.8, 2.0030),
}
"""Diversity in percent, and KL."""
DIVERSITY_OF_TABLE_1 = {"Mistral-7B-Instruct": 89.80, "Dolphin-2.9.1-Llama-3-8B": 89.86}
RUNS = 20


def main() -> None:
    """Print every table of the page."""
    the_tests()
    how_many_values()
    the_averages()
    which_models()
    the_ablation()


def the_tests() -> None:
    print("Table 3: the t-tests, from the means and deviations in print and n = 27 in each group")
    print(f"{'':8} {'test':32} {'t':>5} {'df':>5} {'SED':>5} {'p':>7}")
    for culture, groups in GROUPS.items():
        left, right = (Sample(mean, sd, 27) for mean, sd, _ in groups.values())
        for tested in (pooled_t(left, right), welch_t(left, right)):
            print(f"{culture:8} {_said(tested)}")
        t, freedom, error, p = PRINTED[culture]
        low, high = _within_rounding(left, right)
        print(f"{culture:8} {'printed':32} {t:5.2f} {freedom:5.1f} {error:5.2f} {p:7.4f}")
        print(f"{culture:8} t lies between {low:.2f} and {high:.2f} by what rounding leaves open")
    print()


def _said(tested: Tested) -> str:
    assert tested.statistic is not None and tested.freedom is not None and tested.error is not None
    assert tested.p is not None
    return f"{tested.test:32} {tested.statistic:5.2f} {tested.freedom:5.1f} {tested.error:5.2f} {tested.p:7.4f}"


def _within_rounding(left: Sample, right: Sample) -> tuple[float, float]:
    """The least and the largest t of all figures that would be printed as these were."""
    ends = []
    for a, b, c, d in itertools.product((-SHOWN, SHOWN), repeat=4):
        moved = pooled_t(Sample(left.mean + a, left.sd + b, left.n), Sample(right.mean + c, right.sd + d, right.n))
        assert moved.statistic is not None
        ends.append(moved.statistic)
    return min(ends), max(ends)


def how_many_values() -> None:
    print("Table 3: how many values a group has, from SEM = SD / √n and what rounding leaves open")
    fits = set(range(2, 200))
    for culture, groups in GROUPS.items():
        for name, (_, sd, sem) in groups.items():
            mine = {
                n
                for n in range(2, 200)
                if sem - SHOWN <= (sd + SHOWN) / sqrt(n) and (sd - SHOWN) / sqrt(n) <= sem + SHOWN
            }
            fits &= mine
            print(f"{culture:8} {name:8} {min(mine)} to {max(mine)}")
    print(f"all four {min(fits)} to {max(fits)}; 52 degrees of freedom are two groups of 27 = 3 models × 9 dimensions")
    print()


def _row(text: str) -> tuple[list[float], float]:
    *cells, printed = (float(word) for word in text.split())
    return cells, printed


def the_averages() -> None:
    """Every average of Tables 1 and 2 against the mean of its nine cells."""
    rows = [("Table 1", f"{model}, {by}", text) for (model, by), text in TABLE_1.items()]
    rows += [("Table 2", model, text) for model, text in TABLE_2.items()]
    print("Tables 1 and 2: the mean of the nine cells, and the average in print")
    for table, name, text in rows:
        cells, printed = _row(text)
        found = float(np.mean(cells))
        # Nine rounded cells leave the mean open by as much as one of them, and the average is rounded again.
        wrong = abs(found - printed) > 2 * SHOWN + 1e-9
        print(f"{table} {name:43} {found:6.3f} {printed:5.2f}{'  does not fit' if wrong else ''}")
    print()


def which_models() -> None:
    """Table 2 holds the mean of both cultures, and so does Table 3 where its two rows are put together."""
    wanted = {name: float(np.mean([GROUPS[culture][name][0] for culture in GROUPS])) for name in ("Llama-3", "Mistral")}
    print("Table 3 from the cells of Table 2, both cultures together")
    for evi, table in ((0.58, "Table 2"), (0.85, "Table 1")):
        cells = _cells(MISTRAL, evi)
        print(f"Mistral, EVI {evi:.2f} as in {table}: {_fits(float(cells.mean()), wanted['Mistral'])}")
    for left_out in ("none", *LLAMA):
        cells = _cells(tuple(name for name in LLAMA if name != left_out))
        print(f"Llama-3 without {left_out:24}: {_fits(float(cells.mean()), wanted['Llama-3'])}")
    print()
    print("The same test on Table 2 (EVI .85): each cell an observation, and each model one")
    print(f"{'Llama-3 without':27} {'cells: t':>9} {'df':>5} {'p':>8} {'models: t':>10} {'df':>5} {'p':>8}")
    for left_out in ("none", *LLAMA):
        llama, mistral = _cells(tuple(name for name in LLAMA if name != left_out)), _cells(MISTRAL, 0.85)
        print(f"{left_out:27} {_short(llama.ravel(), mistral.ravel())} {_short(llama.mean(1), mistral.mean(1)):>25}")
    print()


def _fits(found: float, wanted: float) -> str:
    wrong = abs(found - wanted) > 2 * SHOWN + 1e-9
    return f"mean {found:.3f}, Table 3 {wanted:.3f}{', does not fit' if wrong else ''}"


def _short(left: np.ndarray, right: np.ndarray) -> str:
    tested = welch_t(sample(left), sample(right))
    assert tested.statistic is not None and tested.freedom is not None and tested.p is not None
    return f"{tested.statistic:9.2f} {tested.freedom:5.1f} {tested.p:8.2g}"


def _cells(models: tuple[str, ...], evi: float | None = None) -> np.ndarray:
    """`[M, 9]`; `evi` takes the place of the first cell of Mistral-7B-Instruct."""
    rows = {name: _row(TABLE_2[name])[0] for name in models}
    if evi is not None:
        rows["Mistral-7B-Instruct"][0] = evi
    return np.array([rows[name] for name in models])


def the_ablation() -> None:
    print("Table 4: what is lost when one of the three is left out, and Table 1 beside it")
    whole, least = TABLE_4["DEF"]
    lost = 0.0
    for name, (diversity, kl) in TABLE_4.items():
        if name.startswith("without"):
            lost += whole - diversity
            print(f"{name:16} diversity {diversity - whole:6.1f}   KL {kl - least:+.4f}")
    print(f"{'all three':16} diversity {-lost:6.1f}   and the whole of it is {whole}")
    none = TABLE_4["None"][1]
    print(f"{'nothing varied':16} KL {none:.4f} at diversity 0; Table 1, Cao et al., at diversity 0: 6.36 and 5.63")
    for model, diversity in DIVERSITY_OF_TABLE_1.items():
        printed = _row(TABLE_1[model, "DEF"])[1]
        print(f"{model:24} Table 1: diversity {diversity:.2f}, KL {printed:.2f}; Table 4: {whole:.2f}, {least:.2f}")
    print(f"the largest diversity that {RUNS} runs can have by equation 6: {100 * (RUNS - 1) / RUNS:.0f} %")


if __name__ == "__main__":
    main()
