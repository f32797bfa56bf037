"""Which items are taken, in whose words: a codebook of the author's, or codes and labels as the files have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from auditc.diagnostics.suggest import suggest
from auditc.ir.values import Scale
from auditc.sources._contract import BadData, Fault, Faults, Question
from auditc.sources._files import Row, csv_rows, shortened, text, words
from auditc.sources._unanswered import says_nothing

from ._columns import Labels

OPTIONS: Final = range(2, 27)
_SCALES: Final = get_args(Scale)
_PLAIN: Final = ("id", "scale", "dimension", "reason", "source", "codes")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item that is asked for; `codes` of its options in their order, None where the files say. `row` is its place in
    the codebook, for messages."""

    item: Question
    codes: tuple[int, ...] | None
    row: Row | None = None


def wanted(items: tuple[str, ...], codebook: Path | None, languages: tuple[str, ...], file: str) -> tuple[Wanted, ...]:
    """The items that are asked for, in their order; `items` chooses among those of a codebook. Raises BadData."""
    if codebook is None:
        if not items:
            remedy = "Name them, `--items Q1,Q2`, or give a codebook with your wording, `--codebook items.csv`."
            raise BadData(Fault(file, "nothing says which items are taken", remedy))
        if len(set(items)) < len(items):
            raise BadData(Fault(file, "an item is asked for twice", "Leave it out once."))
        empty = dict.fromkeys(languages, "")
        return tuple(Wanted(Question(name, "nominal", "", empty, dict.fromkeys(languages, ())), None) for name in items)
    rows = csv_rows(codebook.name, text(codebook))
    faults = Faults()
    spoken = _languages(rows[0], faults)
    found: dict[str, Wanted] = {}
    for row in rows:
        one = _entry(row, spoken, faults)
        if one.item.id in found:
            faults.add(row.fault("id", f"the item `{shortened(one.item.id)}` is there already", "Leave it out once."))
        found.setdefault(one.item.id, one)
    faults.checkpoint()
    for name in items:
        if name not in found:
            near = suggest(name, found)
            remedy = f"Did you mean `{near}`?" if near else "Add a row for it."
            raise BadData(Fault(codebook.name, f"there is no item `{shortened(name)}`", remedy, None, "id"))
    return tuple(found[name] for name in items) if items else tuple(found.values())


def _languages(row: Row, faults: Faults) -> tuple[str, ...]:
    """The languages of the codebook's columns; reports columns that nothing reads, and those that it lacks."""
    stems = ("text.", "options.")
    spoken = sorted({key.partition(".")[2] for key in row.cells if key.startswith(stems)}) or ["en"]
    known = (*_PLAIN, *(f"{stem}{language}" for stem in stems for language in spoken))
    for column in row.cells:
        if column not in known:
            near = suggest(column, known)
            remedy = f"Did you mean `{near}`?" if near else f"The columns are {', '.join(known)}."
            faults.add(
                Fault(row.file, f"nothing reads the column `{shortened(column)}`", remedy, None, shortened(column))
            )
    for column in ("id", *(f"{stem}{language}" for stem in stems for language in spoken)):
        if column not in row.cells:
            faults.add(
                Fault(row.file, f"there is no column `{column}`", "Add it; its cells may be empty.", None, column)
            )
    faults.checkpoint()
    return tuple(spoken)


def _entry(row: Row, languages: tuple[str, ...], faults: Faults) -> Wanted:
    name, scale = words(row.cells["id"]), words(row.cells.get("scale")) or "nominal"
    if not name:
        faults.add(row.fault("id", "there is no name", "Name the column of the data, such as `Q1`."))
    if scale not in _SCALES:
        near = suggest(scale, _SCALES)
        remedy = f"Did you mean `{near}`?" if near else f"The scales are {', '.join(_SCALES)}."
        faults.add(row.fault("scale", f"`{shortened(scale)}` is no scale", remedy))
    texts = {language: words(row.cells[f"text.{language}"]) for language in languages}
    options = {language: _split(words(row.cells[f"options.{language}"])) for language in languages}
    counts = {len(said) for said in options.values() if said}
    if len(counts) > 1:
        remedy = "Give the same options in the same order in every language."
        faults.add(row.fault("options", f"{' and '.join(str(count) for count in sorted(counts))} options", remedy))
    item = Question(
        id=name,
        scale=scale,  # type: ignore[arg-type]  # one of the scales, or the import ends at the checkpoint
        source=words(row.cells.get("source")),
        text=texts,
        options=options,
        dimension=words(row.cells.get("dimension")),
        reason=words(row.cells.get("reason")),
    )
    return Wanted(item, _codes(row, max(counts, default=0), faults), row)


def _split(said: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in said.split("|")) if said else ()


def _codes(row: Row, options: int, faults: Faults) -> tuple[int, ...] | None:
    said = _split(words(row.cells.get("codes")))
    if not said:
        return None
    good = [part for part in said if part.isascii() and part.isdigit() and len(part) < 7]
    if len(good) < len(said) or len(set(good)) < len(good):
        faults.add(row.fault("codes", "these are no different whole numbers", "Put `|` between them: `1|2|3|4`."))
    elif options and len(said) != options:
        remedy = "Give one code for each option, in their order."
        faults.add(row.fault("codes", f"{len(said)} codes for {options} options", remedy))
    return tuple(int(part) for part in good)


def with_codes(one: Wanted, seen: Iterable[int], labels: Labels, file: str) -> tuple[Question, tuple[int, ...]]:
    """The item with options as far as anybody words them, and the codes of these options. Raises BadData.

    The codes are those of the codebook, or else all that are labelled or seen, without negative ones, those that the
    file declares missing and those whose label is no answer. Without a codebook's options, labels serve as English
    ones; a code in a labelled item that has no label of its own (the inner steps of a ladder) is its number.
    """
    item, name = one.item, one.item.id
    codes = one.codes
    if codes is None:
        answers = {code for code, label in labels.codes.items() if not says_nothing(label)}
        unlabelled = set(seen) - set(labels.codes)
        codes = tuple(sorted(code for code in answers | unlabelled if code >= 0 and code not in labels.missing))
    if len(codes) not in OPTIONS:
        shown = ", ".join(str(code) for code in codes[:8]) + (", …" if len(codes) > 8 else "")
        message = f"it has {len(codes)} codes ({shown}), and an item has {OPTIONS.start} to {OPTIONS.stop - 1} options"
        raise BadData(Fault(file, message, "Is it a question with options? Leave it out.", None, shortened(name)))
    for language, said in item.options.items():
        if said and len(said) != len(codes):
            message = f"`{shortened(name)}` has {len(said)} options, and the data {len(codes)} codes: {list(codes)}"
            remedy = "Say which code each option has in a column `codes`: `1|2|3|4`."
            raise BadData(
                one.row.fault(f"options.{language}", message, remedy) if one.row else Fault(file, message, remedy)
            )
    source = item.source or " ".join(filter(None, ["WVS", f"{name}:" if labels.title else name, labels.title]))
    options = dict(item.options)
    if not options.get("en", ("",)) and labels.codes:
        options["en"] = tuple(labels.codes.get(code) or str(code) for code in codes)
        if any("|" in option for option in options["en"]) or len(set(options["en"])) < len(codes):
            options["en"] = ()
    return Question(name, item.scale, source, item.text, options, item.dimension, item.reason), codes
