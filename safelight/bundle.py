"""A bundle: a folder whose `spec.json` vouches for every model and golden photo in it.

It is written to a temporary folder beside its place, `spec.json` last, and moved into place whole: a folder with a
`spec.json` is a proven bundle, and an interrupted export leaves nothing behind that looks like one.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import BundleError
from safelight.spec import SPEC_NAME, FileRecord, ModelFile, Spec, dump, parse


@dataclass(frozen=True)
class Bundle:
    """An open bundle: its folder and its contract."""

    folder: Path
    spec: Spec

    def path(self, record: FileRecord) -> Path:
        """Where a file of the bundle lies."""
        return self.folder / record.path

    def file(self, key: str) -> ModelFile:
        """The model file called `key`, such as "onnx-fp32". Raises BundleError that lists what there is."""
        for file in self.spec.files:
            if file.key == key:
                return file
        has = ", ".join(file.key for file in self.spec.files)
        raise BundleError(f"{self.folder} has no {key}; it has {has}. Export it again with that format and precision.")


def open_bundle(folder: Path, *, check: bool = True) -> Bundle:
    """Open a bundle, by default with its checksums compared. Raises BundleError or SpecError."""
    spec = read_spec(folder)
    if not spec.files:
        raise BundleError(f"{folder} is a run, not a bundle: it has no exported model. Run: safelight export {folder} --out NAME.bundle")
    bundle = Bundle(folder, spec)
    if check:
        check_files(bundle)
    return bundle


def read_spec(folder: Path) -> Spec:
    """The spec of a bundle or a run. Raises BundleError where there is none, SpecError where it is wrong."""
    path = folder / SPEC_NAME
    try:
        return parse(path.read_bytes(), where=str(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "has no spec.json, so it is neither a bundle nor a run" if folder.is_dir() else "is not a folder"
        raise BundleError(f"{folder} {what}. Name what safelight train or safelight export wrote with --out.") from error
    except OSError as error:
        raise BundleError(f"{path} can't be read: {error.strerror or error}.") from error


def check_files(bundle: Bundle) -> None:
    """Compare every file with its checksum. Raises BundleError that names the first missing or changed one."""
    for record in bundle.spec.records():
        path = bundle.path(record)
        try:
            if not path.is_file():
                raise BundleError(f"{bundle.folder} lacks {record.path}. Copy the whole folder again, or export it again.")
            found = record_of(path, bundle.folder)
        except OSError as error:  # a name longer than the system allows is not even looked for
            raise BundleError(f"{record.path} in {bundle.folder} can't be read: {error.strerror or error}.") from error
        if found != record:
            raise BundleError(
                f"{record.path} in {bundle.folder} was changed: {found.bytes} bytes, sha256 {found.sha256[:12]}…; "
                f"the spec says {record.bytes} bytes, {record.sha256[:12]}…. Copy it again, or export it again."
            )


def record_of(path: Path, folder: Path) -> FileRecord:
    """The checksum record of a file inside `folder`."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    return FileRecord(path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=digest.hexdigest())


@contextmanager
def staged(out: Path, *, replaces: str = SPEC_NAME) -> Iterator[Path]:
    """A temporary folder that becomes `out` when the block ends well, and disappears when it doesn't.

    An existing `out` is replaced only if it is empty or holds a file named `replaces`, that is, if we wrote it.
    Raises BundleError before any work is done if it holds something else.
    """
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / replaces).is_file())):
        raise BundleError(f"{out} exists and was not written by Safelight. Choose another --out, or remove it.")
    out.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        stage.chmod(0o755)
        yield stage
        old = stage.with_name(f"{stage.name}.old")
        if out.exists():
            out.rename(old)  # not removed first: at every moment either the old or the new one is whole
        stage.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def seal(folder: Path, spec: Spec) -> Bundle:
    """Write `spec.json`, the last file of a bundle, after checking the others against it."""
    bundle = Bundle(folder, spec)
    check_files(bundle)
    (folder / SPEC_NAME).write_bytes(dump(spec))
    return bundle
