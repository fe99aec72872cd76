"""Every error that Safelight raises on purpose.

    SafelightError                 exit code 1
    ├── UsageError                 exit code 2: the command line asks for something that can't be
    ├── PhotoError                 one photo can't be read; `reason` is the same code in every port
    │   ├── NotAFile               "not-a-file"    a folder, a pipe, nothing there
    │   ├── UnreadableFile         "unreadable"    the operating system refuses it
    │   ├── EmptyFile              "empty"
    │   ├── NotAnImage             "not-an-image"
    │   ├── UnsupportedImage       "unsupported"   an image, but of a kind outside the contract
    │   ├── TruncatedImage         "truncated"
    │   ├── CorruptImage           "corrupt"
    │   └── ImageTooLarge          "too-large"     more pixels or bytes than the limits allow
    ├── DataError                  a folder of photos can't be trained on
    ├── CleanError                 a photo can't be moved, or moved back; it is where it was
    ├── FetchError                 a download failed, or is not what it should be; what came is kept for the next try or removed
    ├── ModelError                 an architecture or its weights can't be had
    ├── SpecError                  a spec.json breaks the contract
    ├── BundleError                a bundle or a run is incomplete or damaged
    ├── ExportError                a format can't be written
    │   └── UnsupportedOperator    the lowering doesn't know an operator
    ├── RuntimeUnavailable         a runtime isn't on this machine
    └── ParityFailure              a runtime disagrees with PyTorch

A message says what was wrong, what was received and what to do next. Errors cross module boundaries with
`raise … from error`; the command line prints the message alone and exits with `exit_code`.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class SafelightError(Exception):
    """Base of the tree above."""

    exit_code: ClassVar[int] = 1


class UsageError(SafelightError):
    """The command line asks for something that can't be."""

    exit_code = 2


class PhotoError(SafelightError):
    """One photo can't be read. `reason` is a stable code, equal in Python, TypeScript and the mobile ports."""

    reason: ClassVar[str] = "photo"

    def without(self, path: Path) -> str:
        """The message without the photo's place on this machine, which is private."""
        return str(self).replace(str(path), "the photo")


class NotAFile(PhotoError):
    """The path is a folder, a device or nothing at all."""

    reason = "not-a-file"


class UnreadableFile(PhotoError):
    """The operating system refuses to read the file."""

    reason = "unreadable"


class EmptyFile(PhotoError):
    """The file has no bytes."""

    reason = "empty"


class NotAnImage(PhotoError):
    """The bytes start like no image format that we know."""

    reason = "not-an-image"


class UnsupportedImage(PhotoError):
    """An image, but of a format or variant that the contract leaves out."""

    reason = "unsupported"


class TruncatedImage(PhotoError):
    """The image's data ends early."""

    reason = "truncated"


class CorruptImage(PhotoError):
    """The image's data contradicts itself."""

    reason = "corrupt"


class ImageTooLarge(PhotoError):
    """More pixels or bytes than the limits allow; checked before decoding."""

    reason = "too-large"


class DataError(SafelightError):
    """A folder of photos can't be trained on."""


class CleanError(SafelightError):
    """A photo can't be moved, or moved back; it is where it was."""


class FetchError(SafelightError):
    """A download failed, or is not what it should be."""


class ModelError(SafelightError):
    """An architecture is unknown or its weights can't be had."""


class SpecError(SafelightError):
    """A spec.json breaks the contract."""


class BundleError(SafelightError):
    """A bundle or a run is incomplete or damaged."""


class ExportError(SafelightError):
    """A format can't be written."""


class UnsupportedOperator(ExportError):
    """The lowering doesn't know an operator; the message names it, its layer and the formats that still work."""


class RuntimeUnavailable(SafelightError):
    """A runtime isn't installed or doesn't run here; parity reports it as skipped, never as passed."""


class ParityFailure(SafelightError):
    """A runtime disagrees with PyTorch beyond its format's tolerance."""
