"""How long after a keystroke the mistakes of a spec are shown, and how long a completion takes, over the real protocol.

    python benchmarks/editor.py [--lines 500] [--keystrokes 100]

The spec is the example of the repository, its blocks repeated until it is long enough, with its data files beside it.
Each keystroke changes a number in the first method's block, and the next one comes when the mistakes are there. What is
measured includes the pause that the server makes before it checks. Prints one JSON line, milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "us_cn"


def long_spec(lines: int) -> str:
    """The example, and copies of its methods and of a claim under other names."""
    text = (EXAMPLE / "us_cn.audit").read_text(encoding="utf-8")
    names = ("opinions", "citizens", "fidelity")
    blocks = [re.search(rf"^\w+ {name} \{{.*?^\}}\n", text, re.DOTALL | re.MULTILINE)[0] for name in names]  # type: ignore[index]
    copy = 0
    while text.count("\n") < lines:
        copy += 1
        for block in blocks:
            text += "\n" + re.sub(rf"\b({'|'.join(names)})\b", rf"\g<1>_{copy}", block)
    return text


async def measured(folder: Path, text: str, keystrokes: int) -> dict[str, list[float]]:
    """Seconds of each keystroke and of each completion."""
    from lsprotocol import types as T
    from pygls.lsp.client import LanguageClient

    client = LanguageClient("benchmark", "1")
    shown: asyncio.Queue[int | None] = asyncio.Queue()

    @client.feature(T.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params: T.PublishDiagnosticsParams) -> None:
        if params.uri == address:
            shown.put_nowait(params.version)

    address = (folder / "long.audit").as_uri()
    await client.start_io(sys.executable, "-m", "auditc", "lsp")
    workspace = [T.WorkspaceFolder(folder.as_uri(), "long")]
    await client.initialize_async(T.InitializeParams(T.ClientCapabilities(), workspace_folders=workspace))
    client.initialized(T.InitializedParams())
    client.text_document_did_open(T.DidOpenTextDocumentParams(T.TextDocumentItem(address, "audit", 0, text)))
    while await shown.get() != 0:
        pass
    took: dict[str, list[float]] = {"diagnostics": [], "completion": []}
    place = text.count("\n", 0, text.index("orders  = "))
    for version in range(1, keystrokes + 1):
        changed = text.replace("orders  = 5", f"orders  = {version + 5}", 1)
        change = T.TextDocumentContentChangeWholeDocument(changed)
        document = T.VersionedTextDocumentIdentifier(version, address)
        start = time.perf_counter()
        client.text_document_did_change(T.DidChangeTextDocumentParams(document, [change]))
        while await shown.get() != version:
            pass
        took["diagnostics"].append(time.perf_counter() - start)
        start = time.perf_counter()
        asked = T.CompletionParams(T.TextDocumentIdentifier(address), T.Position(place, 2))
        await client.text_document_completion_async(asked)
        took["completion"].append(time.perf_counter() - start)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--keystrokes", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in EXAMPLE.glob("*.csv"):
            shutil.copy(file, folder)
        text = long_spec(given.lines)
        (folder / "long.audit").write_text(text, encoding="utf-8")
        took = asyncio.run(measured(folder, text, given.keystrokes))
    figures = {
        what: {
            "median": round(1000 * statistics.median(seconds), 1),
            "p95": round(1000 * statistics.quantiles(seconds, n=20)[-1], 1),
        }
        for what, seconds in took.items()
    }
    print(json.dumps({"lines": text.count("\n"), "keystrokes": given.keystrokes, **figures}))


if __name__ == "__main__":
    main()
