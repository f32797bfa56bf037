"""`auditc lsp`: the language server on standard input and output.

No mistake of ours ends it: whatever goes wrong while a question is answered is told to the client as a log message,
which says where in auditc it happened and nothing of the spec, and the question gets an empty answer.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer

from auditc import __version__

from .desk import Desk, path_of
from .navigate import Refusal

PAUSE: Final = 0.02
"""Seconds without a keystroke before a spec is checked again."""

_TRIGGERS: Final = [".", "=", "[", "(", ",", '"']


class _Server(LanguageServer):
    """Says what goes wrong by a log message, never by a box in the author's face."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        if source is not FeatureRequestError:  # who asked has been answered with the error itself
            message = f"auditc could not make anything of a message ({type(error).__name__})"
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, message))


def _tell(server: LanguageServer, bug: Exception, where: str) -> None:
    """Log a bug: its type and its place in auditc. What the exception says may quote the spec, and is left out."""
    frames = traceback.extract_tb(bug.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
    message = f"a bug in auditc {__version__} ({type(bug).__name__} at {place}) while answering {where}"
    server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))


def serve() -> None:
    """Serve until the client says `exit` or closes the stream."""
    quiet = logging.getLogger("pygls")  # it would write what is in messages to standard error
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    stream = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but messages may go where messages go
    server = make_server()
    gc.freeze()  # what was imported stays, and need not be looked through again
    gc.set_threshold(50_000, 20, 50)  # checking makes many small objects, and few in circles: pauses would be felt
    server.start_io(stdout=stream)


def make_server() -> LanguageServer:
    """A server with everything that an editor may ask of it."""
    server = _Server("auditc", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
    desk = Desk()
    _register_buffers(server, desk)
    _register_questions(server, desk)
    return server


def _guarded(
    server: LanguageServer, method: str, answer: Callable[[Any], Any], empty: Any = None
) -> Callable[..., Any]:
    """An answer that is empty when there is a bug in finding it, and an error that says why when it is refused."""

    def answered(params: Any) -> Any:
        try:
            return answer(params)
        except Refusal as refusal:
            raise JsonRpcException(str(refusal), types.LSPErrorCodes.RequestFailed.value) from None
        except Exception as bug:
            _tell(server, bug, method)
            return empty

    return answered


def _register_buffers(server: LanguageServer, desk: Desk) -> None:
    waiting: dict[Path | None, asyncio.TimerHandle] = {}

    def publish(changed: Path | None) -> None:
        waiting.pop(changed, None)
        for said in desk.diagnose(changed):
            server.text_document_publish_diagnostics(said)

    publish_soon = _guarded(server, "a change", publish)

    def begin(params: types.InitializeParams) -> None:
        folders = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
        paths = [path for address in folders if (path := path_of(address))]
        desk.project.folders = tuple(paths)
        desk.encoding = server.workspace.position_encoding or "utf-16"  # type: ignore[assignment]
        completion = params.capabilities.text_document and params.capabilities.text_document.completion
        item = completion.completion_item if completion else None
        desk.snippets = bool(item and item.snippet_support)

    def show(params: types.DidOpenTextDocumentParams) -> None:
        document = server.workspace.get_text_document(params.text_document.uri)
        path = desk.show(params.text_document.uri, document.source, document.version or 0)
        if path is not None:
            publish(path)

    def change(params: types.DidChangeTextDocumentParams) -> None:
        document = server.workspace.get_text_document(params.text_document.uri)
        path = desk.show(params.text_document.uri, document.source, document.version or 0)
        if path is None:
            return
        if path in waiting:
            waiting[path].cancel()
        waiting[path] = asyncio.get_running_loop().call_later(PAUSE, publish_soon, path)

    def save(params: types.DidSaveTextDocumentParams) -> None:
        desk.project.forget()
        publish(None)

    def close(params: types.DidCloseTextDocumentParams) -> None:
        path = desk.close(params.text_document.uri)
        if path in waiting:
            waiting.pop(path).cancel()
        publish(None)

    def files(params: types.DidChangeWatchedFilesParams) -> None:
        desk.project.forget()
        publish(None)

    table: dict[str, Callable[[Any], None]] = {
        types.INITIALIZE: begin,
        types.TEXT_DOCUMENT_DID_OPEN: show,
        types.TEXT_DOCUMENT_DID_CHANGE: change,
        types.TEXT_DOCUMENT_DID_SAVE: save,
        types.TEXT_DOCUMENT_DID_CLOSE: close,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: files,
    }
    for method, answer in table.items():
        server.feature(method)(_guarded(server, method, answer))


def _register_questions(server: LanguageServer, desk: Desk) -> None:
    nothing = types.CompletionList(is_incomplete=False, items=[])
    table: tuple[tuple[str, Any, Callable[[Any], Any], Any], ...] = (
        (types.TEXT_DOCUMENT_HOVER, None, desk.hover, None),
        (
            types.TEXT_DOCUMENT_COMPLETION,
            types.CompletionOptions(trigger_characters=_TRIGGERS),
            desk.complete,
            nothing,
        ),
        (types.TEXT_DOCUMENT_DEFINITION, None, desk.definition, None),
        (types.TEXT_DOCUMENT_REFERENCES, None, desk.references, []),
        (types.TEXT_DOCUMENT_PREPARE_RENAME, None, desk.renamable, None),
        (types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True), desk.rename, None),
        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, None, desk.symbols, []),
        (types.TEXT_DOCUMENT_FORMATTING, None, desk.format, None),
        (
            types.TEXT_DOCUMENT_CODE_ACTION,
            types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
            desk.actions,
            [],
        ),
    )
    for method, options, answer, empty in table:
        server.feature(method, options)(_guarded(server, method, answer, empty))
