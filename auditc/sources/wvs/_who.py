"""Who of the respondents is counted, in which groups, with which weight; and who is not, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from auditc.diagnostics.suggest import suggest
from auditc.sources._contract import BadData, Count, Fault
from auditc.sources._files import shortened

from ._data import EMPTY, NUMBER, Data, codes
from ._layout import countries
from ._tally import AGES, Respondents, Whole

if TYPE_CHECKING:
    from . import Params

_WEIGHTS: Final = ("W_WEIGHT", "S017", "V258", "V259")
_OLDEST: Final = 120


def groups(data: Data, params: Params) -> tuple[Literal["sex", "age"], ...]:
    """What shares are told apart by; refuses what the files do not have."""
    lay = data.layout
    has = {"sex": bool(lay.sex), "age": bool(lay.age or lay.ages)}
    if params.by is None:
        return tuple(name for name in ("sex", "age") if has[name])
    for name in params.by:
        if name != "country" and not has[name]:
            six = name == "age" and "X003R" in data.files[0].columns
            message = "`X003R` has six groups, and 25 to 34 is not under 30" if six else f"no column says the {name}"
            remedy = f"Name one, `--columns {name}=…`, or leave `{name}` out of `--by`."
            raise BadData(Fault(data.files[0].name, message, remedy))
    return tuple(name for name in ("sex", "age") if name in params.by)


def respondents(
    data: Data, by: tuple[Literal["sex", "age"], ...], params: Params
) -> tuple[Respondents, Whole, Count, list[str]]:
    """Who is counted, their rows, how many are not and why, and what the author must know."""
    notes: list[str] = []
    names, country = _countries(data, notes)
    _unique(data, country)
    why = np.zeros(data.rows, dtype=np.int64)  # 0: counted; the first reason that holds, otherwise
    reasons = ["", "no country", "another wave", "another country", "no weight"]
    why[country < 0] = 1
    why[(why == 0) & ~_in_wave(data, params.wave)] = 2
    why[(why == 0) & ~_chosen(names, country, params.countries, data.files[0].name)] = 3
    weight = _weight(data, params.weight) if params.weight else None
    if weight is not None:
        why[(why == 0) & ~(weight >= 0)] = 4
    keep = np.flatnonzero(why == 0)
    times = np.bincount(why, minlength=len(reasons))
    left = Counter({reason: int(n) for reason, n in zip(reasons[1:], times[1:], strict=True) if n})
    if not len(keep):
        raise BadData(Fault(data.files[0].name, f"nobody is left to count ({dict(left)})", "Look at the options."))
    order = sorted({int(place) for place in np.unique(country[keep])}, key=lambda place: names[place])
    moved = np.full(len(names), -1, dtype=np.int64)
    moved[order] = np.arange(len(order))
    who = Respondents(
        tuple(names[place] for place in order),
        moved[country[keep]],
        _sexes(data)[keep],
        _ages(data)[keep],
        None if weight is None else weight[keep],
        by,
    )
    notes += _about(who, data, params)
    return who, keep, Count(data.rows, len(keep), left), notes


def _countries(data: Data, notes: list[str]) -> tuple[list[str], Whole]:
    """Names, and which of them each respondent's country is; -1 where none is said. Two columns must agree."""
    known = countries()
    lay = data.layout
    if not lay.alpha and not lay.code:
        raise BadData(Fault(data.files[0].name, "no column says the country", "Name it: `--columns country=V2`."))
    column = data.columns[lay.alpha or lay.code]
    letters = [_letters(value, known.letters) for value in column.values]
    unknown = sorted({code for code in letters if code and code not in known.names})
    if unknown:
        shown = ", ".join(f"`{shortened(code)}`" for code in unknown[:10])
        notes.append(f"Countries without a name here are called by their codes: {shown}.")
    if lay.alpha and lay.code:
        _agree(data, lay.alpha, lay.code, known.letters)
    names: dict[str, int] = {}
    place = [names.setdefault(known.names.get(code, code), len(names)) if code else -1 for code in letters]
    return list(names), np.asarray(place, dtype=np.int64)[column.index]


def _letters(value: str, by_number: dict[str, str]) -> str:
    """The code of three letters of either kind of code; empty for a missing one."""
    if value in EMPTY or value.startswith("-"):
        return ""
    number = value.removesuffix(".0")
    return by_number.get(number, shortened(value))


def _agree(data: Data, alpha: str, code: str, by_number: dict[str, str]) -> None:
    """Whether the two columns of countries say the same of every respondent."""
    left, right = data.columns[alpha], data.columns[code]
    pairs, first = np.unique(left.index * len(right.values) + right.index, return_index=True)
    for pair, row in zip(pairs, first, strict=True):
        letters, number = left.values[pair // len(right.values)], right.values[pair % len(right.values)]
        meant = by_number.get(number.removesuffix(".0"))
        if meant and letters not in EMPTY and letters != meant:
            message = f"`{alpha}` says `{shortened(letters)}`, and `{code}` {shortened(number)}, which is `{meant}`"
            raise BadData(
                data.fault(int(row), alpha, message, f"Name the one that is right: `--columns country={code}`.")
            )


def _unique(data: Data, country: Whole) -> None:
    """Refuse an interview that stands twice within a country."""
    name = data.layout.interview
    if not name:
        return
    column = data.columns[name]
    both = (country + 1) * len(column.values) + column.index
    order = np.argsort(both, kind="stable")
    again = np.flatnonzero(np.diff(both[order]) == 0)
    for place in again:
        row = int(order[place + 1])
        value = column.values[column.index[row]]
        if value not in EMPTY:
            earlier = data.fault(int(order[place]), name, "", "")
            message = f"the interview `{shortened(value)}` is in {earlier.file}, row {earlier.row or 0:,} already"
            remedy = "Leave one out; if the column names no interviews, write `--columns interview=-`."
            raise BadData(data.fault(row, name, message, remedy))


def _in_wave(data: Data, wave: int | None) -> NDArray[np.bool_]:
    """Whether each respondent is of the wave; refuses several waves unless one is chosen."""
    if not data.layout.wave:
        if wave is not None:
            raise BadData(Fault(data.files[0].name, "no column says the wave", "Leave `--wave` out."))
        return np.ones(data.rows, dtype=np.bool_)
    said = codes(data, data.layout.wave)
    waves = sorted({code for code in said if code is not None})
    if wave is None and len(waves) > 1:
        message = f"the file holds the waves {', '.join(str(one) for one in waves)}"
        remedy = f"Choose one: `--wave {waves[-1]}`. Shares over several would belong to no year."
        raise BadData(Fault(data.files[0].name, message, remedy, None, data.layout.wave))
    if wave is not None and wave not in waves:
        raise BadData(
            Fault(data.files[0].name, f"nobody is of wave {wave}", f"There is {waves}.", None, data.layout.wave)
        )
    found = np.array([wave is None or code == wave for code in said], dtype=np.bool_)
    return found[data.columns[data.layout.wave].index]


def _chosen(names: list[str], country: Whole, wanted_: tuple[str, ...], file: str) -> NDArray[np.bool_]:
    if not wanted_:
        return np.ones(len(country), dtype=np.bool_)
    called = countries().names
    chosen = {called.get(name, name) for name in wanted_}
    for name in sorted(chosen):
        if name not in names:
            near = suggest(name, names)
            remedy = f"Did you mean `{near}`?" if near else f"There are {', '.join(sorted(names)[:8])} and others."
            raise BadData(Fault(file, f"nobody is of the country `{shortened(name)}`", remedy))
    return np.isin(country, [place for place, name in enumerate(names) if name in chosen])


def _weight(data: Data, name: str) -> NDArray[np.float64]:
    """Weights; NaN where there is none. Words are refused."""
    column = data.columns[name]
    found = []
    for place, value in enumerate(column.values):
        if value not in EMPTY and not NUMBER.fullmatch(value):
            message = f"`{shortened(value)}` is no weight"
            raise BadData(data.fault(column.first(place), name, message, "Name a column of numbers."))
        found.append(float("nan") if value in EMPTY else float(value))
    return np.asarray(found, dtype=np.float64)[column.index]


def _sexes(data: Data) -> Whole:
    """1 male, 2 female, 0 for every other code."""
    if not data.layout.sex:
        return np.zeros(data.rows, dtype=np.int64)
    said = [code if code in (1, 2) else 0 for code in codes(data, data.layout.sex)]
    return np.asarray(said, dtype=np.int64)[data.columns[data.layout.sex].index]


def _ages(data: Data) -> Whole:
    """The groups of AGES from 1; 0 where no age is said. Years go before groups, which some files cut elsewhere."""
    name = data.layout.age or data.layout.ages
    if not name:
        return np.zeros(data.rows, dtype=np.int64)
    years = bool(data.layout.age)
    said = [_group(code, years) for code in codes(data, name)]
    return np.asarray(said, dtype=np.int64)[data.columns[name].index]


def _group(code: int | None, years: bool) -> int:
    if code is None:
        return 0
    if not years:
        return code if code in range(1, len(AGES) + 1) else 0
    return 0 if not 0 < code <= _OLDEST else 1 if code < 30 else 2 if code < 50 else 3


def _about(who: Respondents, data: Data, params: Params) -> list[str]:
    """What the author must know of who was counted."""
    notes = []
    for name, of in (("sex", who.sex), ("age", who.age)):
        unknown = int((of == 0).sum())
        if name in who.by and unknown:
            notes.append(f"{unknown:,} respondents of unknown {name} count in their country's shares alone.")
    if "age" not in who.by and params.by is None and "X003R" in data.files[0].columns:
        notes.append("Ages are not told apart: `X003R` has six groups, and its second one is 25 to 34.")
    offered = [name for name in _WEIGHTS if name in data.files[0].columns]
    if who.weight is None and offered:
        notes.append(f"Shares are not weighted; `--weight {offered[0]}` weights them.")
    if who.weight is not None:
        effects = [_design_effect(who.weight[who.country == place]) for place in range(len(who.countries))]
        found = f"{min(effects):.2f} to {max(effects):.2f}" if len(effects) > 1 else f"{effects[0]:.2f}"
        notes.append(f"n counts persons. The design effect of the weights, by country (Kish, 1 + cv²), is {found}.")
    return notes


def _design_effect(weight: NDArray[np.float64]) -> float:
    """Kish (1965): n Σw² / (Σw)². 1 where every weight is the same."""
    total = float(weight.sum())
    return len(weight) * float((weight**2).sum()) / total**2 if total else 1.0
