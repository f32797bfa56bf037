"""What a person sees in a terminal: the forecast, the outcome, one cell, the list of models."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from auditc.diagnostics.cells import clean
from auditc.ir.finding import TRUST
from auditc.ir.reread import SECOND_READING
from auditc.ir.unasked import Silence, silence
from auditc.metrics import metrics

if TYPE_CHECKING:
    from pathlib import Path

    from auditc.api.models import Cleared
    from auditc.api.runs import Done
    from auditc.api.trials import Tested
    from auditc.ir.finding import Finding
    from auditc.runtime.forecast import Forecast
    from auditc.runtime.show import Second, Shown
    from auditc.runtime.training.forecast import TrainingForecast
    from auditc.runtime.training.inventory import Inventory, Left


_BETTER: Final = {"higher": "higher is better", "lower": "lower is better", "neither": "neither end is better"}
COMPARED = 12
"""Pairs of groups that are shown; with many groups there are many pairs."""


def forecast(foreseen: Forecast) -> None:
    """Cells, tokens and time for each stage, and why what runs runs."""
    priced = any(stage.money for stage in foreseen.stages)
    money = ("money, at most",) if priced else ()
    table = _table("stage", "model", "cells", "stored", "to ask", "tokens, about", "time, about", *money, "why")
    for stage in foreseen.stages:
        asks = stage.to_run + stage.probed
        tokens = f"{stage.tokens_in + stage.tokens_out:,}" if asks else ""
        seconds = _duration(stage.seconds) if stage.seconds is not None and asks else ""
        to_run = f"at most {stage.to_run:,}" if stage.at_most else f"{stage.to_run:,}"
        to_run += f", {stage.shared:,} with others" if stage.shared else ""
        numbers = (f"{stage.cells:,}", f"{stage.cached:,}", to_run, tokens, seconds)
        numbers = numbers if stage.counted else ("", "", "", "", "")
        bill = (f"{stage.money.amount:,.4f} {stage.money.currency}" if stage.money else "",) if priced else ()
        table.add_row(*_plain(stage.name, stage.model, *numbers, *bill, "; ".join(stage.why)))
    console = _console()
    console.print(table)
    cells = foreseen.cells
    most = "at most " if any(stage.at_most for stage in foreseen.stages) else ""
    total = f"{cells['total']:,} cells: {cells['cached']:,} stored, {most}{cells['to_run']:,} to ask"
    total += f", {cells['shared']:,} are asked with others that ask the same" if cells["shared"] else ""
    total += f", {foreseen.probed:,} a second time" if foreseen.probed else ""
    known = [stage.seconds for stage in foreseen.stages if stage.seconds]
    bills = "".join(f", at most {amount:,.2f} {currency}" for currency, amount in foreseen.money.items())
    console.print(Text(total + (f", about {_duration(sum(known))}" if known else "") + bills))
    seeds = {training.seed for training in foreseen.trainings}
    for training in foreseen.trainings:
        seed = f", seed {training.seed}" if len(seeds) > 1 else ""
        console.print(Text(_training(training) + seed), soft_wrap=True)
    for room in foreseen.rooms:
        if room.needed:
            free = f", {room.available / 1e9:,.1f} GB are free" if room.available is not None else ""
            console.print(Text(f"model {room.model}: about {room.needed / 1e9:,.1f} GB of memory{free}"))
    for warning in foreseen.warnings:
        console.print(Text(warning, style="yellow"), soft_wrap=True)
    problems = [": ".join(filter(None, (problem.message, problem.help))) for problem in foreseen.problems]
    for problem in dict.fromkeys(problems):  # several stages may lack the same
        console.print(Text(f"not yet possible: {problem}", style="yellow"))


def _training(training: TrainingForecast) -> str:
    """What is learnt of what, and what it takes; or that it is there already."""
    said = f"{training.model}, made of {training.base}: "
    if training.done:
        return said + "trained in an earlier run"
    if training.same:
        return said + f"the same training as {training.same}, carried out once"
    steps, epochs = _counted(training.steps, "step"), _counted(training.epochs, "epoch")
    said += f"to train on {_counted(training.examples, 'example')}, {steps} in {epochs}"
    said += f", {training.left_out:,} that teach nothing left out" if training.left_out else ""
    said += f"; goes on after step {training.begun:,}, where an earlier run left it" if training.begun else ""
    said += f", about {_duration(training.seconds)}" if training.seconds is not None else ""
    said += f", about {training.memory / 1e9:,.1f} GB of memory" if training.memory else ""
    free = training.available
    return said + (f", {free / 1e9:,.1f} GB are free" if training.memory and free is not None else "")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def outcome(done: Done) -> None:
    """Headline findings, verdicts on claims, counts, and where the report is."""
    console = _console()
    table = _table("figure", "model", "asked as", "estimate", "95 % interval", "floor", "items")
    silent = silence(done.findings)
    shown = [finding for finding in _headlines(done.findings.findings) if not silent.of(finding)]
    for finding in shown:
        table.add_row(*_plain(*_finding(finding)))
    if shown:
        console.print(table)
    for line in (*_meant(shown), *_silent(silent)):
        console.print(Text(line), soft_wrap=True)
    for claim in done.findings.claims:
        colour = {"holds": "green", "fails": "red", "undecided": "yellow"}[claim.verdict]
        why = "Nothing that it speaks of was asked." if silent.whole else claim.why
        console.print(Text(f"{claim.verdict:>9}", style=colour) + Text(f"  {claim.says}. {why}"))
    for line in _compared(done):
        console.print(Text(line), soft_wrap=True)
    cells = done.record.cells
    counts = ", ".join(f"{cells[word]:,} {word}" for word in ("answered", "refused", "unparsable", "failed"))
    shared = cells.get("shared", 0)
    asked = f"{cells['asked']:,} cells asked ({counts}), {cells['reused'] - shared:,} from the store"
    console.print(Text(asked + (f", {shared:,} asked with others that ask the same" if shared else "")))
    for line in _unanswered(done):
        console.print(Text(line, style="yellow"), soft_wrap=True)
    for line in _probes(done):
        console.print(Text(line), soft_wrap=True)
    if done.stopped:
        console.print(
            Text(f"Stopped early: {done.stopped}. {cells['not_run']:,} cells were not asked.", style="yellow")
        )
    for line, warns in _trained(done):
        console.print(Text(line, style="yellow" if warns else ""), soft_wrap=True)
    for name, recording in done.replayed.items():
        console.print(Text(f"{name}: replayed from recording {recording}, not asked", style="yellow"), soft_wrap=True)
    for name, path in done.reports.items():
        console.print(Text(f"{name}: {path}"), soft_wrap=True)


def _headlines(findings: Sequence[Finding]) -> Iterable[Finding]:
    """The figures for the whole survey. A metric that asks a judge has a figure for each question, and none for all of
    them together."""
    whole = {(finding.block, finding.metric) for finding in findings if not finding.axes}
    for finding in findings:
        alone = len(finding.axes) == 1 and (finding.block, finding.metric) not in whole
        if finding.claim is None and (not finding.axes or alone):
            yield finding


def _meant(shown: Sequence[Finding]) -> Iterable[str]:
    """What the number of each metric is, which end of it is better, and what it is about."""
    about: dict[tuple[str, str, str], dict[str, None]] = {}
    for finding in shown:
        about.setdefault((finding.metric, finding.unit, finding.better), {})[finding.estimand] = None
    width = max((len(metric) for metric, _, _ in about), default=0)
    for (metric, unit, better), estimands in about.items():
        title = metrics.take(metric).title if metric in metrics.names() else metric
        words = [title, *([unit] if unit.lower() != title.lower() else []), _BETTER[better]]
        yield f"  {metric:<{width}}  {'; '.join(words)}; about {' or '.join(estimands)}"


def _silent(silent: Silence) -> Iterable[str]:
    """What nobody was asked, and has no figure for that."""
    if silent.whole:
        yield "Nothing was asked, and nothing is stored: there are no figures, and no claim was tested."
    for (block, model), cells in silent.parts.items() if not silent.whole else ():
        yield f"{block}: nothing was asked of {model} ({cells:,} cells planned), so there is no figure of it"


def _trained(done: Done) -> Iterable[tuple[str, bool]]:
    """The models that were made, and where their cards lie; and what of them is no good, as a warning."""
    for row in done.findings.trainings:
        card = done.folder.parents[1] / "trained" / row.recipe / "README.md"
        yield f"{row.model}, made of {row.base}: {card}", False
        for caution in done.cautions.get(row.model, ()):
            yield f"{row.model}: {caution}", True
    for stage in done.record.stages:
        if stage.get("training") == "stopped":
            yield f"{stage['model']}: its training was broken off; {stage['reason']}", True


def _compared(done: Done) -> Iterable[str]:
    """Differences between models and groups of models: first those that were tested, and of these last what tells how
    far answers are the model's own; of several populations their mean alone. Published tests, conditions of one model,
    and what trainings changed under a control stand in the report."""
    found = done.findings.contrasts
    means = {(row.block, row.metric, row.left, row.right) for row in found if row.over}
    rows = [
        row
        for row in found
        if not (row.model or row.published or "condition" in row.axes)
        and (row.over or (row.block, row.metric, row.left, row.right) not in means)
    ]
    rows.sort(key=lambda row: (row.p is None, row.metric in TRUST))
    for row in rows[:COMPARED]:
        said = "no figure" if row.estimate is None else f"{row.estimate:.3g}"
        tested = "not tested"
        if row.p is not None and row.low is not None and row.high is not None:
            tested = f"{row.low:.3g} to {row.high:.3g}, p {row.adjusted if row.adjusted is not None else row.p:.2g}"
        people = f"mean of {', '.join(row.over)}" if row.over else row.population
        where = ", ".join(filter(None, (f"{row.block}.{row.metric}", people, *row.axes.values())))
        yield f" compared  {row.left} - {row.right}, {where}: {said} ({tested})"
    if len(rows) > COMPARED:
        yield f" compared  {len(rows) - COMPARED} more pairs: see the report"


def _unanswered(done: Done) -> Iterable[str]:
    """Models that did not answer in the format, or were asked more than fits into them."""
    for block, model in dict.fromkeys((row.block, row.model) for row in done.findings.tallies):
        first = [row for row in done.findings.tallies if row.condition != SECOND_READING]
        rows = [row for row in first if (row.block, row.model) == (block, model)]
        asked, answered, long = (sum(getattr(row, k) for row in rows) for k in ("asked", "answered", "too_long"))
        if asked and answered < asked / 2:
            said = f"{block}: {model} answered {answered:,} of {asked:,} cells in a way that can be read"
            yield f"{said}: figures made of the rest are not interpretable"
        if long:
            yield f"{block}: {long:,} cells did not fit into the window of {model}, and are missing"


def _probes(done: Done) -> Iterable[str]:
    """How far each model repeated itself."""
    if done.record.probe:
        probe = done.record.probe
        yield f"Probe: {probe['asked']:,} cells asked a second time, {probe['reused']:,} from the store"
    for row in done.findings.probes:
        if row.answers is not None and row.readings is not None:
            which = f"{row.answers.count} of {row.cells} answers differ, {row.readings.count} are read otherwise"
            moved = f"; probabilities moved by at most {row.probability.largest:.2g}" if row.probability else ""
            yield f"  {row.stage}: {which} ({row.readings.low:.1%} to {row.readings.high:.1%}){moved}"


def cell(shown: Shown) -> None:
    """One answer as it was asked and given."""
    console = _console()
    console.print(Text(f"cell {shown.key}", style="bold"), soft_wrap=True)
    for place in shown.places:
        where = f"{place.stage}, item {place.item}, {place.population}, {place.condition}"
        origin = place.origin
        console.print(Text(f"asked by {where} ({origin['file']}:{origin['line']})"), soft_wrap=True)
    console.print(Text("settings: " + ", ".join(f"{key} {value}" for key, value in shown.settings.items())))
    if shown.at:
        console.print(Text(f"taken in {shown.at}"), soft_wrap=True)
    for role, text in shown.turns:
        console.print(Text(f"\n[{role}]", style="dim"))
        console.print(Text(text), soft_wrap=True)
    if shown.turns:
        console.print(Text(f"\n[the answer begins] {shown.opening}", style="dim"))
    else:
        console.print(Text("\n[the text]", style="dim"))
        console.print(Text(shown.opening), soft_wrap=True)
    if shown.likelihood is not None:
        console.print(Text(_likelihood(shown.likelihood)), soft_wrap=True)
    if shown.text is not None:
        console.print(Text(shown.text), soft_wrap=True)
        console.print(Text(f"\nread as: {_reading(shown, shown.reading)}"))
    if shown.reported:
        console.print(Text(f"the server says: {shown.reported}"), soft_wrap=True)
    if shown.failure is not None:
        console.print(Text(_failed(shown.failure), style="red"), soft_wrap=True)
    again = shown.second.probabilities if shown.second else None
    for option in shown.options:
        chance = "" if option.probability is None else f"{option.probability:10.6f}  "
        other = "" if again is None else f"{again[option.index]:10.6f}  "
        console.print(Text(f"  {option.label:>2}  {chance}{other}{option.text}"))
    if shown.second is not None:
        _second(console, shown, shown.second)


def _second(console: Console, shown: Shown, second: Second) -> None:
    """What came back when the cell was put to its model once more."""
    said = {"answered": "probed: the second answer", "failed": "probed: the second time it failed"}
    console.print(Text("\n" + said.get(second.status, "probed: it was not asked a second time"), style="bold"))
    if second.text is not None:
        console.print(Text(second.text), soft_wrap=True)
        console.print(Text(f"\nread as: {_reading(shown, second.reading)}"))
        console.print(Text("the same text" if second.text == shown.text else "another text"))
    if second.probabilities is not None:
        console.print(Text("its probabilities stand in the second column"))
    if second.reported:
        console.print(Text(f"the server says: {second.reported}"), soft_wrap=True)
    if second.failure is not None:
        console.print(Text(_failed(second.failure), style="red"), soft_wrap=True)


def _likelihood(said: dict[str, Any]) -> str:
    logprob, tokens, given = said["logprob"], said["tokens"], said["given"]
    what = f"\nln p {logprob:.4f} of {tokens:,} tokens: perplexity {math.exp(-logprob / tokens):.4g}"
    return what + (f"; not predicted: {given!r}" if given else "")


def _failed(failure: dict[str, str]) -> str:
    return f"failed: {failure['reason']}" + (f": {failure['detail']}" if failure["detail"] else "")


def tests(results: Iterable[Tested]) -> bool:
    """A line for each test as it ends, and why it failed; a summary. Gives whether all passed."""
    console = _console()
    ended: list[Tested] = []
    for each in results:
        ended.append(each)
        word, colour = ("passed", "green") if each.passed else ("failed", "red")
        about = f"  {each.file.name}: {each.trial.name} ({each.seconds:.1f} s)  {each.trial.says}"
        console.print(Text(word, style=colour) + Text(about), soft_wrap=True)
        if each.error:
            console.print(Text(f"        it could not be run: {each.error}"), soft_wrap=True)
        for one in each.compared:
            if not one.met:
                place, expected = one.expectation.origin, " or ".join(one.expectation.verdicts)
                said = f"{place.file}:{place.line}: {one.expectation.name}: expected {expected}, found {one.found}"
                console.print(Text(f"        {said}: {one.why}"), soft_wrap=True)
    passed = sum(each.passed for each in ended)
    failed = f", {len(ended) - passed} failed" if passed < len(ended) else ""
    console.print(Text(f"{passed} of {len(ended)} passed{failed}, {sum(each.seconds for each in ended):.1f} s"))
    return passed == len(ended)


def models(rows: Iterable[dict[str, Any]]) -> None:
    """Names, titles, terms, and whether they are here."""
    table = _table("name", "title", "licence", "here")
    for row in rows:
        table.add_row(*_plain(row.get("name", ""), row["title"], row["licence"], "yes" if row["fetched"] else "no"))
    _console().print(table)


def trained(workspace: Path, found: Inventory) -> None:
    """What trainings left in a workspace, and who uses it."""
    console = _console()
    if not found.left:
        return
    console.print(Text(f"\ntrained in {workspace}", style="bold"), soft_wrap=True)
    _left(console, found.left, told=not found.untold)
    for problem in found.untold:
        said = ": ".join(filter(None, (problem.message, problem.help)))
        console.print(Text(f"what is in use cannot be told: {said}", style="yellow"), soft_wrap=True)


def cleared(cleared: Cleared) -> None:
    """What is meant to go, and what became of it; and what is kept, with the reason."""
    console = _console()
    size, number = _size(cleared.size), len(cleared.meant)
    if cleared.meant:
        _left(console, cleared.meant, told=True)
        again = "the same with `--remove` does it" if cleared.named else "`auditc models clean --remove` does it"
        what = f"{number:,}{'' if cleared.named else ' that nobody here can miss'}, {size}"
        said = f"removed: {number:,}, {size}" if cleared.removed else f"{what}; nothing was removed: {again}"
        console.print(Text(said), soft_wrap=True)
    elif not cleared.kept:
        console.print(Text(f"nothing in {cleared.workspace} is left over: plans here use all that was trained"))
    else:
        console.print(Text(f"nothing in {cleared.workspace} is left over that nobody here can miss"), soft_wrap=True)
    if cleared.kept and not cleared.named:
        _left(console, cleared.kept, told=True)
        said = f"{len(cleared.kept):,} that no plan here uses now are kept"
        console.print(
            Text(f"{said}: `auditc models clean RECIPE --remove` takes away the one that is named"), soft_wrap=True
        )


def _left(console: Console, left: Iterable[Left], *, told: bool) -> None:
    table = _table("name", "made of", "what", "size", "when", "recipe", "digest", "used by")
    for one in left:
        what = {"made": f"{one.objective}, {one.form}", "begun": f"interrupted after step {one.steps:,}"}
        what["part"] = "a rest of what was killed"
        used = ", ".join(f"{use.plan}: {use.stage or use.model}" for use in one.uses)
        used = used or (": ".join(filter(None, ("no plan here", one.kept))) if told else "not told")
        names, bases = ", ".join(one.names) or "not known", ", ".join(one.bases)
        kind = what.get(one.kind, "damaged: not used")
        digests = (one.recipe[:12], one.digest[:12])
        table.add_row(*_plain(names, bases, kind, _size(one.size), one.at[:16].replace("T", " "), *digests, used))
    console.print(table)


def _size(count: int) -> str:
    """`1.2 MB`."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def _finding(finding: Finding) -> tuple[str, ...]:
    floor = "" if finding.floor is None else f"{finding.floor.estimate:z.3f}"
    interval = "" if finding.low is None or finding.high is None else f"{finding.low:z.3f} to {finding.high:z.3f}"
    estimate = "none" if finding.estimate is None else f"{finding.estimate:z.3f}"
    flag = "" if finding.interpretable else "not interpretable: "
    population = finding.population or "all populations"
    asked_as = population if finding.condition == "asked" else f"{population}, {finding.condition}"
    figure = ", ".join([f"{finding.block}.{finding.metric}", *finding.axes.values()])
    return (figure, finding.model, asked_as, flag + estimate, interval, floor, str(finding.n.items))


def _reading(shown: Shown, reading: dict[str, Any] | None) -> str:
    """`2. Agree (by its label)`: as it was shown, never by an index."""
    if reading is None:
        return "not read"
    found = reading["options"] if "options" in reading else [reading["option"]]
    options = [f"{o.label}. {o.text}" for o in shown.options if o.index in (found or ())]
    what = "; ".join(options) or ("none of them" if found == () else reading["reason"])
    return f"{what} (rule: {reading['rule']})"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _plain(*words: str) -> tuple[Text, ...]:
    """Names come from specs and from disks: they are text, never markup, and steer no terminal."""
    return tuple(Text(clean(word)) for word in words)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    numbers = {"cells", "stored", "to ask", "tokens, about", "time, about", "estimate", "floor", "items"}
    for column in columns:
        # Words give way first: a number or a name that is cut short is none.
        number = column in numbers
        table.add_column(column, justify="right" if number else "left", no_wrap=number, overflow="fold")
    return table


def _console() -> Console:
    """As wide as the terminal; where there is none, wide enough for every table."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)
