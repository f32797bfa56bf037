"""The function that names a recording: `exchanges("exchanges.jsonl.gz")`, a data file that `auditc record` wrote."""

from __future__ import annotations

import io
from typing import Final

from auditc.diagnostics.suggest import suggest
from auditc.ir.values import RecordingFile
from auditc.spec.syntax import Call, Text, Word

from .mistakes import POISON, Poison, report
from .scope import Scope

EXCHANGES: Final = "exchanges"
EXAMPLE: Final = 'exchanges("exchanges.jsonl.gz")'


def recording(call: Call, scope: Scope) -> RecordingFile | Poison:
    """The file that a call names. It is as it was written; what its lines say is looked at when the plan is run."""
    from auditc.backends.replay.recording import (  # noqa: PLC0415  (what replays nothing is checked without it)
        Faulty,
        glanced,
    )

    word = call.of.name.text if isinstance(call.of, Word) else call.of.span.text
    if word != EXCHANGES:
        remedy = suggest(word, [EXCHANGES]) or f"A recording is `{EXAMPLE}`."
        return report(scope.sink, "AC214", call.of.span, f"no recording is called by `{word}`", remedy=remedy)
    given = [argument.value for argument in call.arguments if argument.name is None]
    if len(call.arguments) != 1 or not given or not isinstance(given[0], Text):
        label = "one text, the name of the file, is expected"
        return report(scope.sink, "AC309", call.span, label, remedy=f"For example: `{EXAMPLE}`.")
    path = given[0]
    found = scope.files.recording(path.value, scope.module.name, path.span)
    if isinstance(found, Poison):
        return POISON
    name, content = found
    try:
        glanced(name, io.BytesIO(content))
    except Faulty as error:
        remedy = "Take the file as `auditc record` wrote it, or record the run again."
        return report(scope.sink, "AC027", path.span, str(error), remedy=remedy)
    return RecordingFile(path=name, digest=scope.files.digests[name])
