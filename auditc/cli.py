"""The command line: arguments in, text out, exit codes; no decisions."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditc import __version__, cli_data
from auditc.api import comparisons, faults, models, plans, recordings, runs, specs, trials
from auditc.diagnostics import SpecRejected

if TYPE_CHECKING:
    from auditc.diagnostics import Diagnostic

app = typer.Typer(
    name="auditc",
    help="A compiler and a runtime for audits of the values of language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(help="Fetch, list and clean up models.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(models_app, name="models")
app.add_typer(cli_data.app, name="data")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
PlanPath = Annotated[Path | None, typer.Argument(help="A plan; without it the one compiled last in this folder.")]
Replay = Annotated[Path | None, typer.Option("--replay", help="A recording that answers in place of the models in it.")]
RunName = Annotated[str | None, typer.Argument(help="A run, or the beginning of its name; without it the newest.")]

LIMIT = "A marked trial: at most so many cells a stage, and no training; participants are taken whole, at least one."

CARRIED_OUT, INCOMPLETE, REJECTED, WORLD_FAILED, BUG = 0, 1, 2, 3, 70


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit. Every way out has its exit code; none prints a traceback."""
    try:
        app(arguments)
    except SystemExit as ended:
        # 130 is how the command-line library reports Ctrl-C that came before anything could be stopped cleanly.
        _exit(INCOMPLETE if ended.code == 130 else int(ended.code or CARRIED_OUT))
    except SpecRejected as rejected:
        _show(rejected.diagnostics)
        _exit(REJECTED)
    except faults.Refused as refused:
        _complain(refused.message, refused.help)
        _exit(REJECTED)
    except faults.WorldFailed as failed:
        _complain(failed.message, failed.help)
        _exit(WORLD_FAILED)
    except KeyboardInterrupt:
        _complain("stopped; what was stored before is kept", "")
        _exit(INCOMPLETE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _exit(INCOMPLETE)
    except Exception as bug:
        _complain(*faults.bug_report(bug))
        _exit(BUG)


def _exit(code: int) -> None:
    raise SystemExit(code) from None


def _complain(message: str, remedy: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    for line in remedy.splitlines():
        print(f"  {line}", file=sys.stderr)


def _show(diagnostics: tuple[Diagnostic, ...]) -> None:
    from auditc.diagnostics.render import render

    if diagnostics:
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        print(render(diagnostics, colour=colour), file=sys.stderr)


def _as_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"auditc {__version__}")
        raise typer.Exit


@app.callback()
def auditc(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A compiler and a runtime for audits of the values of language models."""


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Specs to check.")], as_json: Json = False) -> None:
    """Parse, resolve and check specs: every mistake in one go."""
    from auditc.diagnostics.render import to_json

    checked = specs.check(files)
    if as_json:
        _as_json(
            {
                "diagnostics": [to_json(d) for d in checked.diagnostics],
                "silenced": [{"code": one.code, "count": one.count, "by": one.by} for one in checked.silenced],
            }
        )
    else:
        _show(checked.diagnostics)
        if not checked.rejected:
            names = ", ".join(str(file) for file in files)
            warnings = specs.counted(len(checked.diagnostics), "warning")
            print(f"{names}: sound" + (f", with {warnings}" if checked.diagnostics else ""))
        for sentence in checked.hushed:
            print(sentence)
    if checked.rejected:
        raise typer.Exit(REJECTED)


@app.command("fmt")
def fmt(
    files: Annotated[list[Path], typer.Argument(help="Specs to format in place.")],
    only_check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if a file would change.")] = False,
    as_json: Json = False,
) -> None:
    """Rewrite specs in the canonical form; comments stay."""
    changed = [str(file) for file in files if specs.format_spec(file, write=not only_check)]
    if as_json:
        _as_json({"changed": changed})
    else:
        for name in changed:
            print(f"{name}: would change" if only_check else f"{name}: formatted")
    if only_check and changed:
        raise typer.Exit(INCOMPLETE)


@app.command("compile")
def compile_command(
    file: Annotated[Path, typer.Argument(help="The spec.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the plan goes; beside the spec.")] = None,
    as_json: Json = False,
) -> None:
    """Check a spec and write its plan and its lock. The same input gives the same bytes."""
    done = plans.compile_to_file(file, output)
    if as_json:
        _as_json(done.summary())
        return
    _show(done.diagnostics)
    print(f"{done.plan_path}: {done.stages} stages, {done.cells:,} cells, digest {done.digest[:12]}")
    print(f"{done.lock_path}: {done.locked} files and models pinned")


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The earlier audit: a spec or a plan.")],
    after: Annotated[Path, typer.Argument(help="The later audit: a spec or a plan.")],
    fail_on: Annotated[
        list[comparisons.Gate] | None,
        typer.Option(help="Exit 1 when the two are `incomparable`, or comparable in `part` only."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare two audits: what changed, and which figures and claims can still be compared."""
    compared = comparisons.compare(before, after)
    if as_json:
        _as_json(compared.as_dict())
    else:
        from auditc import screen_diff

        screen_diff.comparison(compared)
    if comparisons.gate(compared, fail_on or []):
        raise typer.Exit(INCOMPLETE)


@app.command()
def plan(plan: PlanPath = None, replay: Replay = None, as_json: Json = False) -> None:
    """Say what a run would ask: cells, tokens, time, and what is in the store already."""
    foreseen, replaying = plans.foresee(plan, replay)
    if as_json:
        _as_json(plans.forecast_summary(foreseen) | replaying.summary())
    else:
        from auditc import screen

        screen.forecast(foreseen)
        for sentence in replaying.sentences():
            print(sentence)


@app.command()
def run(
    plan: PlanPath = None,
    limit: Annotated[int | None, typer.Option(min=1, help=LIMIT)] = None,
    fail_on: Annotated[
        list[runs.Gate] | None, typer.Option(help="Exit 1 on `claims` that fail, `undecided` ones, or `missing` cells.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Progress as JSON lines on standard error.")] = False,
    replay: Replay = None,
    as_json: Json = False,
) -> None:
    """Run a plan; what is in the store is not asked again. Ends with a table and the report's path."""
    if quiet and events:
        raise faults.Refused("a run shows its progress as events, or not at all", "Leave out --quiet or --events.")
    show = "quiet" if quiet else "events" if events else "bar"
    done = runs.run(plan, limit=limit, show=show, replay=replay, say=lambda text: print(text, file=sys.stderr))
    if as_json:
        _as_json(done.summary())
    else:
        from auditc import screen

        screen.outcome(done)
    if done.untrained:
        raise typer.Exit(WORLD_FAILED)
    if done.stopped or done.record.cells["not_run"] or done.gate(fail_on or []):
        raise typer.Exit(INCOMPLETE)


@app.command()
def report(
    run: RunName = None,
    formats: Annotated[list[str] | None, typer.Option("--format", help="html or json; as the spec says.")] = None,
    languages: Annotated[list[str] | None, typer.Option("--language", help="en or zh; as the spec says.")] = None,
    as_json: Json = False,
) -> None:
    """Render the reports of a run again out of its evidence; nothing is asked."""
    written = runs.render_again(run, formats, languages)
    if as_json:
        _as_json({"reports": {name: str(path) for name, path in written.items()}})
    else:
        for path in written.values():
            print(path)


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="A run, or the beginning of its name; `last` for the newest.")],
    cell: Annotated[str, typer.Argument(help="A cell's key, or its beginning; or a model that was trained.")],
    as_json: Json = False,
) -> None:
    """Show one answer: prompt, settings, text, probabilities, the line of the spec; or the card of a trained model."""
    card = runs.card(run, cell)
    if card is not None:
        return _as_json(card[1]) if as_json else print(card[0])
    shown = runs.show(run, cell)
    if as_json:
        from auditc import screen

        _as_json(shown.as_dict())
    else:
        from auditc import screen

        screen.cell(shown)


@app.command()
def export(
    run: RunName = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="A .csv or .parquet file.")] = Path("answers.csv"),
    as_json: Json = False,
) -> None:
    """Write the raw answers of a run, one row for each cell."""
    rows = runs.export_answers(run, output)
    if as_json:
        _as_json({"rows": rows, "file": str(output)})
    else:
        print(f"{output}: {rows:,} answers")


@app.command()
def record(
    run: RunName = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="A .jsonl or .jsonl.gz file.")] = Path(
        "exchanges.jsonl.gz"
    ),
    as_json: Json = False,
) -> None:
    """Write the exchanges of a run to a file from which `run --replay` answers. The same run gives the same bytes."""
    written = recordings.record_run(run, output)
    if as_json:
        _as_json(
            {
                "file": str(output),
                "digest": written.digest,
                "exchanges": written.exchanges,
                "failures": written.failures,
                "models": written.models,
            }
        )
    else:
        print(f"{output}: {written.exchanges:,} exchanges with {', '.join(written.models)}")
        print(f"digest {written.digest}")


@app.command("test")
def test_command(
    files: Annotated[list[Path], typer.Argument(help="Specs whose tests are run.")],
    name: Annotated[str | None, typer.Option("-k", help="Only tests whose name holds this.")] = None,
    as_json: Json = False,
) -> None:
    """Run the tests that specs carry, on simulated models; exit 1 if one fails. Nothing is written, no model loaded."""
    results = trials.test(files, name)
    if as_json:
        ended = list(results)
        _as_json({"tests": [each.summary() for each in ended]})
        passed = all(each.passed for each in ended)
    else:
        from auditc import screen

        passed = screen.tests(results)
    if not passed:
        raise typer.Exit(INCOMPLETE)


@app.command()
def explain(name: Annotated[str, typer.Argument(help="AC304, survey, first_token, jsd, transformers, …")]) -> None:
    """Print the page of a diagnostic, a kind of block, a method, a metric, a backend, a source of weights."""
    print(specs.explain(name))


@app.command()
def graph(
    plan: PlanPath = None,
    form: Annotated[str, typer.Option("--format", help="mermaid, dot or svg.")] = "mermaid",
) -> None:
    """Print the execution graph."""
    print(plans.draw_graph(plan, form))


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write a commented starter spec that runs at once, on simulated models."""
    for path in specs.init(folder):
        print(path)
    print(f"\nNow: cd {folder} && auditc compile starter.audit && auditc run")


@app.command()
def lsp(stdio: Annotated[bool, typer.Option("--stdio", hidden=True, help="As editors say it.")] = True) -> None:
    """Serve an editor: the language server, on standard input and output."""
    try:
        from auditc.editor.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise faults.WorldFailed("the language server needs pygls", 'pip install "auditc[editor]"') from None
    serve()


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """List the models that auditc knows by name, and which are here; and those that were trained in this workspace."""
    rows = models.known_models()
    workspace, trained = models.trained_models()
    if as_json:
        told = [one.message for one in trained.untold]
        _as_json({"models": rows, "trained": [asdict(one) for one in trained.left], "untold": told})
    else:
        from auditc import screen

        screen.models(rows)
        screen.trained(workspace, trained)


@models_app.command("clean")
def models_clean(
    recipes: Annotated[list[str] | None, typer.Argument(help="Recipes, or how they begin: these alone.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take away what is listed without it.")] = False,
    as_json: Json = False,
) -> None:
    """List what trainings left in this workspace and nobody can miss, and what is kept and why; or remove it."""
    cleared = models.clear_trained(recipes or [], remove)
    if as_json:
        _as_json(cleared.summary())
    else:
        from auditc import screen

        screen.cleared(cleared)


@models_app.command("fetch")
def models_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Names from `auditc models list`.")] = None,
    plan: Annotated[Path | None, typer.Option(help="Fetch what this plan needs.")] = None,
    as_json: Json = False,
) -> None:
    """Fetch models once, check their digests and convert them. Their licences are shown."""
    fetched = models.fetch_models(names or [], plan, say=lambda text: print(text, file=sys.stderr))
    if as_json:
        _as_json({"models": fetched})
    else:
        from auditc import screen

        screen.models(fetched)
