"""Downloads one wheel with pip, so that pip's own settings (index, proxy, certificates) apply; installs nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from auditc.diagnostics.scrub import scrubbed
from auditc.weights._contract import WeightsUnavailable

NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Connection (?:refused|reset|aborted|broken)"
    r"|Network is unreachable|name resolution|timed out|ProxyError|SSLError|Max retries|Connection to .* failed",
    re.IGNORECASE,
)


def download(name: str, version: str, folder: Path) -> Path:
    """The wheel of `name` at `version`, in `folder` (which is empty)."""
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--dest", str(folder), "--", f"{name}=={version}"]
    # -P and the folder of its own: a file named pip.py where auditc is run must not be run.
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        raise WeightsUnavailable(_said(f"{name} {version}", done.stdout + done.stderr))
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise WeightsUnavailable(f"pip gave {len(wheels)} wheels for {name} {version}: auditc needs exactly one")
    return wheels[0]


def _said(what: str, text: str) -> str:
    if "No module named pip" in text:
        return "this Python has no pip, which auditc downloads models with: run `python -m ensurepip`"
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return f"the disk filled up while {what} was downloaded: free some space, or set TMPDIR and AUDITC_HOME"
    if NO_NETWORK.search(text):
        return (
            f"{what} could not be downloaded: the package index was not reached."
            " Check the network, or pip's own settings (index, proxy)"
        )
    if "No matching distribution" in text or "Could not find a version" in text:
        # Without retries pip says the same of an index that it did not reach.
        return (
            f"pip found no wheel of {what}: its index has none, or was not reached."
            " Check name, version, the network, and pip's own settings (index, proxy)"
        )
    lines = (
        [line for line in text.splitlines() if line.startswith("ERROR")] or text.strip().splitlines() or ["no message"]
    )
    # An address may hold a password, and a path says whose machine it is.
    clean = scrubbed(re.sub(r"\S+://\S+", "<address>", lines[-1]))
    return f"pip could not download {what}: {clean.removeprefix('ERROR:').strip()[:300]}"
