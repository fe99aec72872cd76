"""TypeScript and Python give the same verdict on the same spec, right or wrong."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from safelight.errors import SpecError
from safelight.spec import parse
from tests.webapp.conftest import WEBAPP, Node

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "spec"
# No whole number written as a float (3.0): Python refuses it where JavaScript can't see a difference.
VALUES: tuple[Any, ...] = (None, True, 0, 1, -1, 0.5, 0.25, 2**40, "", "x", "a/b", "../x", [], [1], {}, {"x": 1}, "0" * 64)


def test_typescript_gives_the_same_verdict_on_mutated_specs(node: Node) -> None:
    """500 seeded mutations of a spec that uses every field: a value replaced, a field dropped, added or doubled."""
    generator = random.Random(7)
    full = json.loads((GOLDEN / "valid" / "full.json").read_text())
    texts = [json.dumps(mutated(full, generator)) for _ in range(500)]
    found = node("ports.mjs", {"contract": str(WEBAPP / "src" / "contract"), "specs": texts})["specs"]
    expected = [python(text) for text in texts]
    differ = [(text, says) for text, says, right in zip(texts, found, expected, strict=True) if (says == "ok") is not right]
    assert not differ, f"{len(differ)} verdicts differ; TypeScript says {differ[0][1]} about {differ[0][0]}"
    assert 50 < sum(expected) < 450  # both verdicts occur
    assert all(says == "ok" or says.startswith("SpecError: spec.json breaks the contract: ") for says in found)


def python(text: str) -> bool:
    try:
        parse(text)
    except SpecError:
        return False
    return True


def mutated(full: dict[str, Any], generator: random.Random) -> dict[str, Any]:
    """A copy with one change at a random place."""
    spec = copy.deepcopy(full)
    places: list[tuple[Any, Any]] = []
    collect(spec, places)
    parent, key = generator.choice(places)
    change = generator.choice(("replace", "replace", "drop", "add", "double"))
    if change == "replace":
        parent[key] = generator.choice(VALUES)
    elif change == "drop":
        del parent[key]
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    else:
        parent[f"{key}_"] = parent[key]
    return spec


def collect(node: Any, places: list[tuple[Any, Any]]) -> None:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        places.append((node, key))
        collect(value, places)
