"""The error tree is the one that its docstring draws."""

from __future__ import annotations

import inspect
import re

from safelight import errors
from safelight.errors import PhotoError, SafelightError

LINE = re.compile(r"^    (?P<rail>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: +(?P<note>\S.*))?$")


def drawn() -> dict[str, tuple[str, str]]:
    """name → (parent, note) from the drawing."""
    tree: dict[str, tuple[str, str]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := LINE.match(line):
            depth = len(match["rail"]) // 4
            path[depth:] = [match["name"]]
            tree[match["name"]] = (path[depth - 1] if depth else "Exception", match["note"] or "")
    return tree


def defined() -> dict[str, type[SafelightError]]:
    return {name: thing for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, SafelightError)}


def test_every_error_is_drawn_under_its_parent() -> None:
    assert {name: kind.__bases__[0].__name__ for name, kind in defined().items()} == {name: parent for name, (parent, _) in drawn().items()}


def test_the_drawing_names_each_photo_errors_reason() -> None:
    for name, kind in defined().items():
        if issubclass(kind, PhotoError) and kind is not PhotoError:
            assert drawn()[name][1].startswith(f'"{kind.reason}"'), name


def test_reasons_are_the_codes_that_the_ports_share() -> None:
    assert {kind.reason for kind in defined().values() if issubclass(kind, PhotoError)} == {
        "photo",
        "not-a-file",
        "unreadable",
        "empty",
        "not-an-image",
        "unsupported",
        "truncated",
        "corrupt",
        "too-large",
    }


def test_wrong_usage_exits_with_2_everything_else_with_1() -> None:
    assert {name: kind.exit_code for name, kind in defined().items() if kind.exit_code != 1} == {"UsageError": 2}


def test_every_error_has_a_docstring_of_its_own() -> None:
    assert [name for name, kind in defined().items() if not vars(kind).get("__doc__")] == []
