"""An editor for tests: starts `auditc lsp` as a process and speaks the protocol with it through a client of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as T
from pygls.lsp.client import LanguageClient

Result = TypeVar("Result")
SERVER = (sys.executable, "-m", "auditc", "lsp")
SECONDS = 60


def units(text: str, encoding: str) -> int:
    """How many units of the protocol a text takes: counted here by Python's own codecs."""
    return (
        len(text)
        if encoding == "utf-32"
        else len(text.encode(f"{encoding}-le" if encoding == "utf-16" else encoding))
        // (2 if encoding == "utf-16" else 1)
    )


class Editor:
    """Buffers by file name in one folder. A place is written as a piece of the text with `¦` where the cursor is."""

    def __init__(
        self, folder: Path, *, encoding: str = "utf-16", snippets: bool = True, command: tuple[str, ...] = SERVER
    ) -> None:
        self.folder, self.encoding = folder, encoding
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.logged: list[str] = []
        self.published: dict[str, T.PublishDiagnosticsParams] = {}
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.client = LanguageClient("test", "1")
        self._listen()
        self._run(lambda: self.client.start_io(*command, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "ignore"}))
        completion = T.CompletionClientCapabilities(
            completion_item=T.ClientCompletionItemOptions(snippet_support=snippets)
        )
        known = T.ClientCapabilities(
            general=T.GeneralClientCapabilities(position_encodings=[encoding]),
            text_document=T.TextDocumentClientCapabilities(completion=completion),
        )
        asked = T.InitializeParams(
            capabilities=known, workspace_folders=[T.WorkspaceFolder(folder.as_uri(), folder.name)]
        )
        self.server = self._run(lambda: self.client.initialize_async(asked))
        self._do(lambda: self.client.initialized(T.InitializedParams()))

    def __enter__(self) -> Editor:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._run(lambda: self.client.shutdown_async(None))
            self._do(lambda: self.client.exit(None))
            self._run(self.client.stop)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(SECONDS)
            self._loop.close()

    def turn_to(self, folder: Path) -> None:
        """Close everything, and look at another folder."""
        for name in tuple(self.texts):
            self.close(name)
        self.folder = folder
        self.texts.clear()
        self.versions.clear()
        self.logged.clear()
        with self._news:
            self.published.clear()

    # What an author does

    def open(self, name: str, text: str | None = None) -> list[T.Diagnostic]:
        """Open a file, with other text than it has on disk if any is given; what is wrong with it."""
        self.texts[name] = (self.folder / name).read_text(encoding="utf-8") if text is None else text
        self.versions[name] = 1
        item = T.TextDocumentItem(self.address(name), "audit", 1, self.texts[name])
        self._do(lambda: self.client.text_document_did_open(T.DidOpenTextDocumentParams(item)))
        return self.diagnostics(name)

    def write(self, name: str, text: str, *, wait: bool = True) -> list[T.Diagnostic]:
        """Change the whole buffer; what is wrong with it then."""
        self.texts[name] = text
        self.versions[name] += 1
        document = T.VersionedTextDocumentIdentifier(self.versions[name], self.address(name))
        change = T.DidChangeTextDocumentParams(document, [T.TextDocumentContentChangeWholeDocument(text)])
        self._do(lambda: self.client.text_document_did_change(change))
        return self.diagnostics(name) if wait else []

    def replace(self, name: str, old: str, new: str) -> list[T.Diagnostic]:
        assert old in self.texts[name], old
        return self.write(name, self.texts[name].replace(old, new, 1))

    def close(self, name: str) -> None:
        closed = T.DidCloseTextDocumentParams(self._document(name))
        self._do(lambda: self.client.text_document_did_close(closed))

    def save(self, name: str) -> None:
        saved = T.DidSaveTextDocumentParams(self._document(name))
        self._do(lambda: self.client.text_document_did_save(saved))

    def diagnostics(self, name: str, when: Callable[[list[T.Diagnostic]], bool] | None = None) -> list[T.Diagnostic]:
        """What the server says of a buffer as it is now (or once `when` holds)."""

        def there() -> bool:
            found = self.published.get(self.address(name))
            if found is None:
                return False
            current = found.version is None or found.version == self.versions.get(name)
            return when(list(found.diagnostics)) if when else current

        with self._news:
            assert self._news.wait_for(there, SECONDS), f"nothing was said of {name}: {self.logged}"
            return list(self.published[self.address(name)].diagnostics)

    # What an author asks

    def hover(self, name: str, place: str) -> str:
        asked = T.HoverParams(self._document(name), self.position(name, place))
        found = self._run(lambda: self.client.text_document_hover_async(asked))
        return found.contents.value if found else ""  # type: ignore[union-attr]

    def complete(self, name: str, place: str) -> list[T.CompletionItem]:
        """Completions in the order in which an editor shows them."""
        asked = T.CompletionParams(self._document(name), self.position(name, place))
        found = self._run(lambda: self.client.text_document_completion_async(asked))
        return sorted(found.items, key=lambda item: item.sort_text or "")  # type: ignore[union-attr]

    def words(self, name: str, place: str) -> list[str]:
        return [item.label for item in self.complete(name, place)]

    def typed(self, name: str, old: str, new: str) -> list[str]:
        """Completions at `¦` in `new`, written in the place of `old` for as long as that takes."""
        before = self.texts[name]
        assert old in before, old
        self.write(name, before.replace(old, new.replace("¦", ""), 1), wait=False)
        found = self.words(name, before.replace(old, new, 1))
        self.write(name, before, wait=False)
        return found

    def definition(self, name: str, place: str) -> T.Location | None:
        asked = T.DefinitionParams(self._document(name), self.position(name, place))
        return self._run(lambda: self.client.text_document_definition_async(asked))  # type: ignore[return-value]

    def references(self, name: str, place: str) -> list[T.Location]:
        asked = T.ReferenceParams(T.ReferenceContext(True), self._document(name), self.position(name, place))
        return list(self._run(lambda: self.client.text_document_references_async(asked)) or ())

    def prepare(self, name: str, place: str) -> T.Range | None:
        asked = T.PrepareRenameParams(self._document(name), self.position(name, place))
        return self._run(lambda: self.client.text_document_prepare_rename_async(asked))  # type: ignore[return-value]

    def rename(self, name: str, place: str, new: str) -> dict[str, str]:
        """The texts of all files as they would be. Raises JsonRpcException with the reason of a refusal."""
        asked = T.RenameParams(self._document(name), self.position(name, place), new)
        return self.applied(self._run(lambda: self.client.text_document_rename_async(asked)))

    def symbols(self, name: str) -> list[T.DocumentSymbol]:
        asked = T.DocumentSymbolParams(self._document(name))
        return list(self._run(lambda: self.client.text_document_document_symbol_async(asked)) or ())  # type: ignore[arg-type]

    def format(self, name: str) -> str | None:
        """The text in canonical form; None where the server leaves it alone."""
        asked = T.DocumentFormattingParams(self._document(name), T.FormattingOptions(2, True))
        edits = self._run(lambda: self.client.text_document_formatting_async(asked))
        return None if edits is None else self._edited(name, list(edits))

    def actions(self, name: str, about: T.Diagnostic) -> list[T.CodeAction]:
        asked = T.CodeActionParams(self._document(name), about.range, T.CodeActionContext([about]))
        return list(self._run(lambda: self.client.text_document_code_action_async(asked)) or ())  # type: ignore[arg-type]

    def applied(self, edit: T.WorkspaceEdit | None) -> dict[str, str]:
        changes = (edit.changes if edit else None) or {}
        names = {
            address: Path(address).name if "/" not in (short := self._short(address)) else short for address in changes
        }
        return {names[address]: self._edited(names[address], list(edits)) for address, edits in changes.items()}

    def send(self, content: bytes) -> None:
        """Something on the wire that may be no message at all."""
        head = f"Content-Length: {len(content)}\r\n\r\n".encode()
        self._do(lambda: self.client.protocol.writer.write(head + content))  # type: ignore[union-attr]

    # Places

    def address(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def position(self, name: str, place: str) -> T.Position:
        text = self.texts[name]
        piece = place.replace("¦", "")
        assert piece in text, piece
        before = text[: text.index(piece) + place.index("¦")]
        return T.Position(before.count("\n"), units(before.rpartition("\n")[2], self.encoding))

    def at(self, name: str, where: T.Range) -> str:
        """The text at a range."""
        text = self.text(name)
        return text[self._offset(text, where.start) : self._offset(text, where.end)]

    def text(self, name: str) -> str:
        return self.texts.get(name) or (self.folder / name).read_text(encoding="utf-8")

    def _short(self, address: str) -> str:
        return address.removeprefix(self.folder.as_uri() + "/")

    def _edited(self, name: str, edits: list[Any]) -> str:
        text = self.text(name)
        for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
            start, end = self._offset(text, edit.range.start), self._offset(text, edit.range.end)
            text = text[:start] + edit.new_text + text[end:]
        return text

    def _offset(self, text: str, at: T.Position) -> int:
        lines = text.split("\n")
        line = lines[at.line]
        column = next(n for n in range(len(line) + 1) if units(line[:n], self.encoding) >= at.character)
        return sum(len(before) + 1 for before in lines[: at.line]) + column

    def _document(self, name: str) -> T.TextDocumentIdentifier:
        return T.TextDocumentIdentifier(self.address(name))

    # The other thread, in which the client lives

    def _listen(self) -> None:
        @self.client.feature(T.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def said(params: T.PublishDiagnosticsParams) -> None:
            with self._news:
                self.published[params.uri] = params
                self._news.notify_all()

        @self.client.feature(T.WINDOW_LOG_MESSAGE)
        def log(params: T.LogMessageParams) -> None:
            with self._news:
                self.logged.append(params.message)
                self._news.notify_all()

    def _run(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        async def asked() -> Result:
            return await ask()

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result(SECONDS)

    def _do(self, tell: Callable[[], object]) -> None:
        async def told() -> None:
            tell()

        self._run(told)
