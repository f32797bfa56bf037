"""Whole runs on hosted models: every cell accounted for, nothing paid for twice, budgets kept, kills survived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

import auditc
from auditc.backends import anthropic
from auditc.backends._contract import EngineStopped, Flow
from auditc.backends._hosted import jobs, pacing
from auditc.ir.plan import Model, Plan, Price, Thing, Wording
from auditc.ir.values import Money
from auditc.runtime import journal, progress
from auditc.runtime.bind import bind
from auditc.runtime.budget import Limits
from auditc.runtime.faults import CannotBind, WorkerFailed
from auditc.runtime.forecast import forecast
from tests.providers import Provider, Seen, Wrong, provider
from tests.runtime.plans import converse, plan, score
from tests.runtime.workspace import ask

KEY = "sk-live-0123456789abcdef"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setattr(pacing, "FIRST", 0.001)
    monkeypatch.setattr(jobs, "SOON", 0.01)
    monkeypatch.setenv("THE_KEY", KEY)
    with provider() as running:
        yield running


def hosted(kind: str, url: str, price: Price | None = None, **params: Any) -> Model:
    """A model on the server, of which nothing is known."""
    at = url + ("/v1" if kind == "openai" else "")
    reached = Thing(kind=kind, params={"model": "m", "url": at, "key": {"variable": "THE_KEY"}, "retries": 2} | params)
    return Model(title=kind, family="f", origin="o", stage="s", weights=None, backend=reached, like="", price=price)


def one(url: str, kind: str = "openai", draws: int = 5, price: Price | None = None, **params: Any) -> Plan:
    return plan(converse("def/m", "m", draws=draws), models={"m": hosted(kind, url, price, **params)})


def accounted(cells: dict[str, int]) -> bool:
    return (
        cells["planned"] == cells["reused"] + cells["asked"] + cells["not_run"]
        and cells["asked"] == cells["answered"] + cells["refused"] + cells["unparsable"] + cells["failed"]
    )


def test_a_card_says_what_the_server_said_of_who_answered_and_when(server: Provider, tmp_path: Path) -> None:
    def fault(seen: Seen) -> Wrong | None:
        other = len(server.seen) > 10
        return Wrong(change=lambda answer: answer.update(model="m-2026-11-20")) if other else None

    server.fault = fault
    done = ask(one(server.url), tmp_path)
    (row,) = done.models
    assert sum(row.reported.values()) == done.cells["answered"] + done.cells["refused"] + done.cells["unparsable"]
    assert len(row.reported) == 2 and any("m-2026-11-20" in name for name in row.reported)
    first, last = row.answered
    assert first <= last and first.startswith("20") and first.endswith("+00:00")
    simulated = ask(plan(converse(draws=2)), tmp_path / "here").models[0]
    assert not simulated.reported and not simulated.answered


def test_a_key_that_is_missing_is_told_before_another_model_is_asked(
    server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = one(server.url), one(server.url, key={"variable": "ANOTHER_KEY"})
    both = plan(
        converse("def/m", "m", draws=2),
        converse("def/n", "n", draws=2),
        models={"m": first.models["m"], "n": second.models["m"]},
    )
    with pytest.raises(CannotBind) as refused:
        ask(both, tmp_path)
    (problem,) = refused.value.problems
    assert "`n`" in problem.message and "ANOTHER_KEY" in problem.message and "set it" in problem.help
    assert not server.seen and any("ANOTHER_KEY" in each.message for each in forecast(both, tmp_path, {}).problems)
    monkeypatch.setenv("ANOTHER_KEY", KEY)
    assert ask(both, tmp_path).cells["not_run"] == 0


FAULTS = (
    Wrong(429, None, {"Retry-After": "0"}),
    Wrong(500),
    Wrong(503),
    Wrong(reset=True),
    Wrong(raw=b'{"choices": [{'),
    Wrong(400, {"error": {"message": "no"}}),
    Wrong(change=lambda answer: answer.update(choices=[{**answer["choices"][0], "finish_reason": "content_filter"}])),
    Wrong(change=lambda answer: answer["choices"][0].update(message={"content": "抱歉，我无法回答这个问题。"})),
    Wrong(change=lambda answer: answer["choices"][0].update(message={"content": "I'm sorry, I can't answer that."})),
    Wrong(change=lambda answer: answer["choices"][0].update(message={"content": ""})),
    Wrong(change=lambda answer: answer["choices"][0].update(message={"content": "ramble " * 10_000})),
    Wrong(change=lambda answer: answer.update(usage=None)),
)


def test_every_cell_is_accounted_for_whatever_the_server_does(server: Provider, tmp_path: Path) -> None:
    def fault(seen: Seen) -> Wrong | None:
        point = sum(seen.words.encode()) + seen.body.get("seed", 0)
        return FAULTS[point % 24] if point % 24 < len(FAULTS) and seen.time <= 1 + point % 4 else None

    server.fault = fault
    asked = plan(
        score("ft/m", "m"),
        converse("def/m", "m", draws=8),
        models={"m": hosted("openai", server.url, logprobs=20, reuse=9e9)},
    )
    first = ask(asked, tmp_path)
    assert accounted(first.cells) and first.cells["not_run"] == 0 and first.cells["reused"] == 0
    assert all(first.cells[name] > 0 for name in ("answered", "refused", "unparsable", "failed"))
    (card,) = first.models
    assert card.identity["url"] == f"{server.url}/v1" and card.identity["window"]
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in stored
    # Within the time that the author allows for, only what failed is asked again.
    server.fault = lambda seen: None
    assert forecast(asked, tmp_path).cells["to_run"] <= first.cells["failed"] * 2
    again = ask(asked, tmp_path)
    assert again.cells["asked"] > 0 and again.cells["failed"] == 0 and accounted(again.cells)
    assert again.cells["reused"] >= first.cells["planned"] - first.cells["failed"] * 2


def test_an_answer_is_used_in_its_own_run_and_no_further(server: Provider, tmp_path: Path) -> None:
    asked = one(server.url, "anthropic")
    first = ask(asked, tmp_path)
    assert forecast(asked, tmp_path).cells["cached"] == 0
    second = ask(asked, tmp_path)
    assert second.cells["asked"] == first.cells["asked"] == second.cells["planned"]
    assert first.models[0].identity["window"] != second.models[0].identity["window"]
    # A run that a budget stopped has not ended: the next one goes on with it.
    stopped = ask(asked, tmp_path, limits=Limits(cells=20))
    assert stopped.stopped and stopped.cells["asked"] == 20
    assert forecast(asked, tmp_path).cells["cached"] >= 20
    rest = ask(asked, tmp_path)
    assert rest.cells["reused"] == 20 and rest.cells["not_run"] == 0


def test_a_trial_is_a_run_of_its_own_and_one_with_failures_is_gone_on_with(
    server: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, trial = one(server.url), Limits(per_stage=10)
    first, second = ask(asked, tmp_path, limits=trial), ask(asked, tmp_path, limits=trial)
    assert first.stopped and first.cells["asked"] == second.cells["asked"] > 0 == second.cells["reused"]
    server.fault = lambda seen: Wrong(400, {"error": {"message": "no"}}) if seen.number % 40 == 7 else None
    failed = ask(asked, tmp_path)
    server.fault = lambda seen: None
    with progress.reporter("bar") as reporter:
        rest = ask(asked, tmp_path, reporter=reporter)
    assert failed.cells["failed"] > 0 and 0 < rest.cells["asked"] < 10 < rest.cells["reused"]
    assert f"m: its answers since {failed.models[0].identity['window'][:16]}" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_key_that_is_not_taken_ends_the_run_at_once(kind: str, server: Provider, tmp_path: Path) -> None:
    server.fault = lambda seen: Wrong(401, {"error": {"message": f"bad key {KEY}"}})
    with pytest.raises(WorkerFailed) as failed:
        ask(one(server.url, kind), tmp_path)
    assert "THE_KEY" in failed.value.help and "`m`" in failed.value.message and KEY not in str(failed.value)
    assert len(server.asked) <= pacing.START


def test_what_was_answered_before_a_door_closed_is_kept(server: Provider, tmp_path: Path) -> None:
    server.latency = 0.01
    server.fault = lambda seen: Wrong(402, {"error": {"message": "no balance"}}) if seen.number >= 40 else None
    with pytest.raises(WorkerFailed, match="no balance"):
        ask(one(server.url), tmp_path)
    asked, server.fault = len(server.asked), lambda seen: None
    assert asked < 60
    assert ask(one(server.url), tmp_path).cells["reused"] == 40


@pytest.mark.parametrize("batch", [False, True])
def test_a_budget_in_money_is_not_overrun(batch: bool, server: Provider, tmp_path: Path) -> None:
    price = Price(input=Money(amount=1000.0, currency="usd"), output=Money(amount=1000.0, currency="usd"))
    asked, limit = one(server.url, draws=3, price=price, batch=batch), 2.0 if batch else 10.0
    server.fault = lambda seen: Wrong(change=lambda answer: answer.update(usage=None))
    done = ask(asked, tmp_path, limits=Limits(money=Money(amount=limit, currency="usd")))
    assert "budget" in done.stopped and 0 < done.spent.money["usd"] <= limit and accounted(done.cells)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Wrong(change=lambda answer: answer["choices"][0].update(logprobs=None)), "truncated"),
        (Wrong(raw=b"{}"), "invalid_reply"),
        (Wrong(delay=1), "timeout"),
    ],
)
def test_what_failed_is_paid_for_too(fault: Wrong, reason: str, server: Provider, tmp_path: Path) -> None:
    price = Price(input=Money(amount=1000.0, currency="usd"), output=Money(amount=1000.0, currency="usd"))
    model = hosted("openai", server.url, price, logprobs=20, retries=1, timeout=0.5, concurrency=2)
    # Now and then there is an answer, so that the server counts as one that answers.
    server.fault = lambda seen: fault if seen.number % 4 else None
    asked = plan(score("ft/m", "m"), models={"m": model})
    done = ask(asked, tmp_path, limits=Limits(money=Money(amount=2.0, currency="usd")))
    assert "budget" in done.stopped and done.cells["failed"] > 0 and done.cells["not_run"] > 0
    paid = done.spent.money["usd"] * 1000
    assert paid == pytest.approx(done.spent.tokens_in + done.spent.tokens_out)
    assert done.spent.tokens_out >= len(server.asked) - 2


def test_what_a_server_would_leave_out_is_refused_before_anything_is_asked(server: Provider) -> None:
    models = {"m": hosted("openai", server.url), "n": hosted("anthropic", server.url)}
    wanted = plan(
        score("ft/m", "m"), converse("def/m", "m", top_k=40), converse("def/n", "n", temperature=0.5), models=models
    )
    with pytest.raises(CannotBind) as refused:
        bind(wanted, {})
    told = [f"{problem.message} ({problem.help})" for problem in refused.value.problems]
    assert len(told) == 3 and not server.seen
    assert "`logprobs`" in told[0] and "`top_k`" in told[1] and "`temperature`" in told[2]


def broken_off(*_: Any) -> None:
    """In the place of waiting for a job: what is left then is what a kill leaves."""
    raise EngineStopped("broken off")


def test_a_job_goes_on_after_a_kill(server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = one(server.url, draws=3, batch=True)
    with monkeypatch.context() as patched:
        patched.setattr(jobs.Desk, "_ended", broken_off)
        with pytest.raises(WorkerFailed, match="broken off"):
            ask(asked, tmp_path)
    assert len(server.jobs) == 1 and list(tmp_path.glob("jobs/*/*.json"))
    done = ask(asked, tmp_path)
    assert done.cells["not_run"] == 0 and accounted(done.cells)
    assert len(server.jobs) == len(asked.stages[0].items), "a job a round, and none of them twice"
    assert not list(tmp_path.glob("jobs/*/*.json"))


def test_draws_in_the_same_words_and_a_probe_of_them_are_jobs_of_their_own(
    server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(anthropic.anthropic, flow=lambda params: Flow(10, 1))
    monkeypatch.setattr(anthropic, "anthropic", small)
    stage = converse("def/m", "m", draws=40)
    wording = {"*": Wording(text="{{ question }} {{ options | length }}", opening="")}
    stage = stage.model_copy(
        update={"items": stage.items[:1], "populations": stage.populations[:1], "wording": wording}
    )
    asked = plan(stage, models={"m": hosted("anthropic", server.url, batch=True)}).model_copy(update={"probe": 1.0})
    done = ask(asked, tmp_path)
    assert done.cells["asked"] == done.probe["asked"] == 40
    assert [job["size"] for job in server.jobs.values()] == [10] * 8


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_job_that_cannot_be_seen_to_stops_the_run_and_is_not_paid_for_twice(
    kind: str, server: Provider, tmp_path: Path
) -> None:
    asked = one(server.url, kind, draws=3, batch=True)
    server.away = lambda path: "/batches/" in path
    with pytest.raises(WorkerFailed, match="was handed over") as failed:
        ask(asked, tmp_path)
    assert "run again" in failed.value.help and len(server.jobs) == 1
    server.away = lambda path: False
    done = ask(asked, tmp_path)
    assert done.cells["failed"] == 0 and len(server.jobs) == len(asked.stages[0].items)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_line_of_a_job_that_cannot_be_read_is_a_cell_and_not_the_job(
    kind: str, server: Provider, tmp_path: Path
) -> None:
    server.spoilt = lambda content: b"[]\n\xff\n" + content[:-20]
    asked = one(server.url, kind, draws=3, batch=True)
    done = ask(asked, tmp_path)
    assert 0 < done.cells["failed"] == len(server.jobs) < done.cells["answered"] + done.cells["unparsable"]
    server.spoilt = lambda content: content
    again = ask(asked, tmp_path)
    assert again.cells["failed"] == 0 and again.cells["reused"] > 0


@pytest.mark.parametrize("batch", [True, False])
def test_a_budget_in_time_waits_for_no_server(batch: bool, server: Provider, tmp_path: Path) -> None:
    asked = one(server.url, draws=3, batch=batch, retries=8)
    server.patience = 10**9
    server.fault = lambda seen: Wrong(429, None, {"Retry-After": "300"})
    began = time.monotonic()
    done = ask(asked, tmp_path, limits=Limits(seconds=0.5))
    assert time.monotonic() - began < 30 and "0.5 seconds" in done.stopped
    assert done.cells["asked"] == 0 and accounted(done.cells)
    server.patience, server.fault = 0, lambda seen: None
    assert ask(asked, tmp_path).cells["failed"] == 0
    assert len(server.jobs) == (len(asked.stages[0].items) if batch else 0), "the job is taken up where it is"


def test_a_pause_that_a_server_asks_for_is_seen(
    server: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.fault = lambda seen: Wrong(429, None, {"Retry-After": "1.2"}) if seen.number == 3 else None
    with progress.reporter("events") as reporter:
        ask(one(server.url, draws=1), tmp_path, reporter=reporter)
    (event,) = [line for line in capsys.readouterr().err.splitlines() if '"waiting"' in line]
    assert '"model":"m"' in event and '"seconds":1.2' in event


CHILD = """
import sys
from pathlib import Path
from tests.runtime.test_hosted import one
from tests.runtime.workspace import ask
ask(one(sys.argv[1], draws=8, concurrency=8), Path(sys.argv[2]))
"""


def stored(folder: Path) -> int:
    """The answers of which the manifest in a workspace speaks."""
    return sum(entry.rows for entry in journal.read(folder / "store/manifest").entries)


@pytest.mark.parametrize("enough", [1, 60])
def test_a_kill_loses_what_is_on_its_way_and_no_more(enough: int, server: Provider, tmp_path: Path, root: Path) -> None:
    # The first 60 are answered and no more, so that the run cannot end before the kill, however slow the disk is. With
    # the first of them on disk the kill meets the rest on its way; with all of them, what was never answered is lost.
    over = threading.Event()

    def fault(seen: Seen) -> Wrong | None:
        if seen.number >= 60:
            over.wait()
        return None

    server.fault = fault
    path = os.pathsep.join([str(root), str(Path(auditc.__file__).parents[1])])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, server.url, str(tmp_path)], env={**os.environ, "PYTHONPATH": path}, cwd=root
    )
    while stored(tmp_path) < enough:
        assert child.poll() is None
        time.sleep(0.005)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    over.set()
    # Whole files count too whose line the kill cut off.
    kept = sum(parquet.read_metadata(file).num_rows for file in (tmp_path / "store/batches").glob("*.parquet"))
    assert enough <= stored(tmp_path) <= kept <= 60
    rest = ask(one(server.url, draws=8, concurrency=8), tmp_path)
    assert rest.cells["reused"] == kept and rest.cells["not_run"] == 0
    # Asked again is what had been asked and is not stored: of 60 answers those, and the 8 that were never answered.
    assert len(server.times) == rest.cells["planned"] and max(server.times.values()) == 2
    assert 0 < sum(times == 2 for times in server.times.values()) <= 60 - kept + 8
