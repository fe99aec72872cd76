"""Every planted fault is found, and hardly anything else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.train.inspection.planting import CORRUPT, EXACT, NEAR, WRONG, Planted
from train.inspection import duplicates as duplicates_module
from train.inspection.duplicates import Group, duplicates
from train.inspection.inspection import Inspection, InspectOptions, inspect

pytestmark = pytest.mark.slow  # 160 photos through the backbone


def group_with(found: Inspection, name: str, copy: str) -> Group:
    """The one group that has both."""
    (group,) = [group for group in found.groups if {name, copy} <= {shot.found.name for shot in group.shots}]
    return group


def test_every_exact_duplicate_is_found(planted: Planted, inspected: Inspection) -> None:
    assert len(planted.exact) == EXACT
    for name, copy in planted.exact:
        assert group_with(inspected, name, copy).kind == "exact"


def test_every_near_duplicate_is_found(planted: Planted, inspected: Inspection) -> None:
    assert len(planted.near) == NEAR
    for name, copy in planted.near:
        assert group_with(inspected, name, copy).kind == "near"


def test_leaks_and_conflicts_are_those_that_were_planted(planted: Planted, inspected: Inspection) -> None:
    pairs = [*planted.exact, *planted.near]
    leaks = {pair for pair in pairs if pair[0].split("/")[0] != pair[1].split("/")[0]}
    conflicts = {pair for pair in pairs if pair[0].split("/")[1] != pair[1].split("/")[1]}
    assert len(leaks) == 12
    assert len(conflicts) == 8
    assert {pair for pair in pairs if group_with(inspected, *pair).is_leak} == leaks
    assert {pair for pair in pairs if group_with(inspected, *pair).is_conflict} == conflicts
    assert [group.is_leak for group in inspected.groups] == sorted((group.is_leak for group in inspected.groups), reverse=True)
    assert not inspected.passed


def test_hardly_anything_else_is_called_a_duplicate(planted: Planted, inspected: Inspection) -> None:
    ours = {name for pair in (*planted.exact, *planted.near) for name in pair}
    strangers = [group for group in inspected.groups if not ours & {shot.found.name for shot in group.shots}]
    assert len(strangers) <= 1  # dog.180 and dog.74 are one photo
    assert all(len(group.shots) == 2 for group in inspected.groups)


def test_a_stricter_likeness_would_miss_some(planted: Planted, inspected: Inspection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates_module, "SAME_PICTURE", 0.99999)
    groups = duplicates(inspected.shots)
    found = {frozenset(shot.found.name for shot in group.shots) for group in groups}
    assert sum(frozenset(pair) in found for pair in planted.exact) == EXACT
    assert sum(frozenset(pair) in found for pair in planted.near) < NEAR


def test_every_corrupt_file_is_found_with_its_reason(planted: Planted, inspected: Inspection) -> None:
    assert len(planted.corrupt) == CORRUPT
    assert {item.found.name: item.reason for item in inspected.broken} == planted.corrupt
    assert not [item.message for item in inspected.broken if str(planted.folder) in item.message]


def test_wrong_labels_are_found(planted: Planted, inspected: Inspection) -> None:
    assert len(planted.wrong) == WRONG
    answers = {one.shot.found.name: one.answer for one in inspected.suspects}
    right = [name for name, label in planted.wrong.items() if answers.get(name) == label]
    assert len(right) >= 8
    conflicts = {copy for pair in (*planted.exact, *planted.near) for copy in pair if pair[0].split("/")[1] != pair[1].split("/")[1]}
    assert len(set(answers) - set(planted.wrong) - conflicts) <= 6  # one of each conflicting pair is a wrong label, too


def test_a_clean_set_passes(planted: Planted, inspected: Inspection, tmp_path: Path) -> None:
    bad = {name for pair in (*planted.exact, *planted.near) for name in pair} | set(planted.corrupt)
    folder = Path(shutil.copytree(planted.folder, tmp_path / "clean"))
    for name in bad:
        (folder / name).unlink()
    found = inspect(folder, InspectOptions(labels=False))
    assert found.passed
    assert found.no_labels == "not asked for"
    assert len(found.shots) == len(inspected.shots) + len(inspected.broken) - len(bad)
