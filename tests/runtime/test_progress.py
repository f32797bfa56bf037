"""What a run says while it runs: bars for people, lines for logs, events for programs, nothing for nobody."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import sys
import termios
import threading
import time
from pathlib import Path
from subprocess import Popen

import jsonschema
import pytest
from rich.console import Console

from auditc.ir.event import Event
from auditc.ir.finding import Spent
from auditc.ir.plan import Price
from auditc.ir.schemas import schemas
from auditc.ir.training import Progress
from auditc.ir.values import Money
from auditc.runtime import progress
from auditc.runtime.budget import Limits
from auditc.runtime.pace import Pace
from tests.runtime.plans import model, plan
from tests.runtime.workspace import Asked, ask, asked

__all__ = ["asked"]


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("show_", ["bar", "quiet", "events"])
def test_progress_is_said(tmp_path: Path, show_: str, capsys: pytest.CaptureFixture[str]) -> None:
    with progress.reporter(show_) as reporter:
        ask(plan(probe=0.1), tmp_path, reporter=reporter, limits=Limits(cells=100))
    out, err = capsys.readouterr()
    assert out == ""
    if show_ == "quiet":
        assert err == ""
    elif show_ == "bar":
        assert (
            "ft/sim: 88 asked" in err and "stopping: the budget of 100 cells" in err and "probe of sim: 0 asked" in err
        )
    else:
        events = [json.loads(line) for line in err.splitlines()]
        assert sum(event.get("asked", 0) for event in events if event["event"] == "cells_done") == 100
        assert events[-1]["event"] == "run_finished" and events[-1]["cells"]["not_run"] == 108


def test_events_are_as_the_schema_says(tmp_path: Path, asked: Asked) -> None:
    asked.fail = {"q1"}
    stream = io.StringIO()
    priced = Price(input=Money(amount=1.0, currency="usd"), output=Money(amount=2.0, currency="usd"))
    one = plan(probe=0.1, models={"sim": model().model_copy(update={"price": priced})})
    reporter = progress.Events(stream)
    ask(one, tmp_path, reporter=reporter)
    reporter.waiting("sim", 12.5, "rate limit")
    schema = json.loads(schemas()["events.v1.json"])
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    for event in events:
        jsonschema.validate(event, schema)
        assert Event.model_validate(event).root.event == event["event"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**events[0], "host": "mine"}, schema)
    words = [event["event"] for event in events]
    assert words[0] == "run_started" and events[0]["format"] == "auditc.events.v1" and words[-2] == "run_finished"
    assert words.count("stage_started") == words.count("stage_finished") == 3
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    done = [event for event in events if event["event"] == "cells_done"]
    failed = sum(event["failed"].get("engine", 0) for event in done)
    assert failed == events[-2]["cells"]["failed"] > 0 and done[-1]["money"]["usd"] > 0


def test_events_that_count_cells_come_twice_a_second_at_most() -> None:
    stream, clock = io.StringIO(), Clock()
    events = progress.Events(stream, clock)
    for _ in range(1000):
        events.cells_done("ft/sim", 3, 1, {"timeout": 1}, Spent())
        clock.now += 0.01
    events.stage_finished("ft/sim", 3000, 1000, 0, 10.0)
    done = [json.loads(line) for line in stream.getvalue().splitlines()][:-1]
    assert 19 <= len(done) <= 21
    assert sum(event["asked"] for event in done) == 3000 == sum(event["failed"]["timeout"] for event in done) * 3


def test_time_left_is_of_what_is_asked_and_not_of_what_was_stored() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.rate() is None and pace.left(10) is None
    pace.note(0, 90_000, 0)
    for _ in range(20):
        clock.now += 1.0
        pace.note(10, 0, 0)
    assert pace.rate() == pytest.approx(10) and pace.left(9_800) == pytest.approx(980)
    clock.now += 5
    assert pace.left(9_800) == pytest.approx(975)
    mixed = Pace(clock)
    for _ in range(20):  # half of each batch is stored, so half of what is left will be
        mixed.note(0, 10, 0)
        clock.now += 1.0
        mixed.note(10, 0, 0)
    assert mixed.left(400) == pytest.approx(20, rel=0.06)


def test_the_rate_is_that_of_lately_and_a_slow_engine_has_one() -> None:
    clock = Clock()
    pace = Pace(clock)
    for second in range(100):
        clock.now += 1.0
        pace.note(100 if second < 60 else 10, 0, second * 50)
    assert pace.rate() == pytest.approx(10) and pace.tokens() == pytest.approx(50)
    slow = Pace(clock)
    clock.now += 90
    slow.note(64, 0, 0)
    assert slow.rate() == pytest.approx(64 / 90) and slow.tokens() is None
    clock.now += 60
    slow.note(64, 0, 6000)
    assert slow.rate() == pytest.approx(64 / 60) and slow.tokens() == pytest.approx(100)


def drawn(bars: progress.Bars, width: int = 80) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(bars.shown())
    return out.getvalue().rstrip().splitlines()


def test_bars_fit_a_narrow_screen_however_many_stages_and_whatever_their_names() -> None:
    clock = Clock()
    bars = progress.Bars(Console(file=io.StringIO(), width=80), clock)
    names = [f"意见调查与价值观的长名称{n}/一个名字很长的模型_{n}" for n in range(60)]
    bars.run_started(plan(), dict.fromkeys(names, 1_000_000))
    for name in names[:2]:
        bars.stage_started(name, 1_000_000)
        bars.opening("model")
        assert "opening model" in drawn(bars)[-1]
        for _ in range(40):
            clock.now += 1.0
            spent = Spent(tokens_in=int(clock.now) * 100, money={"usd": 0.1234})
            bars.cells_done(name, 250, 10, {"rate_limit": 2, "timeout": 1}, spent)
        bars.waiting("model", 20.0, "rate limit")
        lines = drawn(bars)
        assert len(lines) == 3 and all(Console().measure(line).maximum <= 80 for line in lines)
        assert "10,400/1,000,000" in lines[0] and "250.0/s" in lines[0] and "1:03:26 left" in lines[0]
        assert "意见调查" in lines[0] and "of 60" in lines[1]
        assert "model waits: rate limit, 20 s; 100 tokens/s; 0.1234 usd spent; 120 failed" in lines[2]
        bars.stage_finished(name, 10_000, 400, 0, 40.0)
    assert len(drawn(bars)) <= 2


def test_nobody_speaks_while_holding_what_the_screen_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who draws holds the screen's lock and asks for this one's: who speaks with it held would wait for ever."""
    bars, said = progress.Bars(Console(file=io.StringIO(), width=80)), list[str]()

    def say(line: str, *, warns: bool = False) -> None:
        drawing = threading.Thread(target=bars.shown, daemon=True)
        drawing.start()
        drawing.join(30)
        assert not drawing.is_alive(), line
        said.append(line)

    monkeypatch.setattr(bars, "_say", say)
    bars.run_started(plan(), {"a": 2})
    bars.training_started("train.a", "a", 3, 1)
    bars.training("train.a", Progress(step=1, steps=2, epoch=0.5, loss=1.0))
    bars.stopping("interrupted", "until a is open")
    bars.training_finished("train.a", 1.0, "trained", ("no good",))
    bars.going_on("a", "2026-11-21T00:00:00Z")
    bars.stage_started("a", 2)
    bars.cells_done("a", 2, 0, {}, Spent())
    bars.stage_finished("a", 2, 0, 0, 1.0)
    assert len(said) == 6


def test_every_cell_is_counted(tmp_path: Path) -> None:
    said = io.StringIO()
    bars = progress.Bars(Console(file=said, width=80))
    ask(plan(), tmp_path, reporter=bars)
    ask(plan(), tmp_path, reporter=bars)
    assert re.findall(r"(\S+): (\d+) asked, (\d+) from the store", said.getvalue()) == [
        ("ft/sim", "88", "0"),
        ("def/sim", "120", "0"),
        ("ft/sim", "0", "88"),
        ("def/sim", "0", "120"),
    ]


def test_a_log_gets_a_line_every_half_minute() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = progress.Lines(stream, clock)
    lines.run_started(plan(), {"ft/sim": 5000})
    lines.stage_started("ft/sim", 5000)
    for _ in range(100):
        clock.now += 1.0
        lines.cells_done("ft/sim", 10, 0, {}, Spent())
        lines.beat()
    said = stream.getvalue().splitlines()
    assert said == [
        "ft/sim: 300 of 5,000 cells, 10.0/s, 7:50 left",
        "ft/sim: 600 of 5,000 cells, 10.0/s, 7:20 left",
        "ft/sim: 900 of 5,000 cells, 10.0/s, 6:50 left",
    ]
    lines.stage_finished("ft/sim", 1000, 0, 4000, 100.0)
    clock.now += 100
    lines.beat()
    assert stream.getvalue().splitlines()[3:] == ["ft/sim: 1,000 asked, 0 from the store, 100.0 s"]


SLOW = """
import sys
from pathlib import Path
from tests.runtime.plans import model, plan, score
from auditc.runtime import execute, progress
with progress.reporter("bar") as reporter:
    execute.run(plan(score(items=40, orders=1), models={"sim": model(latency=0.4)},
        surveys={"values": __import__("tests.runtime.plans", fromlist=["survey"]).survey(40)}),
        Path(sys.argv[1]), {}, reporter=reporter)
"""


def test_a_terminal_shows_the_rate_and_the_time_left(tmp_path: Path) -> None:
    """A real terminal of 80 columns: what is on the screen while a slow model answers."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "CI")}
    command = [sys.executable, "-c", SLOW, str(tmp_path)]
    process = Popen(command, stdout=slave, stderr=slave, stdin=slave, env=environment | {"TERM": "xterm-256color"})
    os.close(slave)
    seen, until = b"", time.monotonic() + 60
    while time.monotonic() < until:
        try:
            some = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        seen += some
    os.close(master)
    assert process.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
    frames = [line for line in re.split(r"[\r\n]+", text) if line]
    assert any(re.search(r"ft/sim .*\d+/160 +[\d.,]+/s +\d+:\d\d left", line) for line in frames), text[-2000:]
    assert max(len(line.rstrip()) for line in frames) <= 80 and "ft/sim: 160 asked" in text
