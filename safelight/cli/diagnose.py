"""`safelight diagnose`: name the mistake that made somebody's tensor or probabilities differ."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safelight.bundle import open_bundle
from safelight.errors import UsageError

if TYPE_CHECKING:
    from export.diagnose.outputs import OutputDiagnosis
    from export.diagnose.verdict import Diagnosis

EXAMPLES = """
\b
Examples:
  safelight diagnose pets.bundle cat.jpg --tensor input.npy
  safelight diagnose pets.bundle cat.jpg --tensor input.json --json
  safelight diagnose pets.bundle cat.jpg --probabilities answer.json

\b
Exit code: 0 the dump agrees with the contract, 1 it doesn't, 2 wrong usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("photo", metavar="IMAGE", type=click.Path(path_type=Path))
@click.option("--tensor", type=click.Path(path_type=Path), help="What your app fed to the network, .npy or JSON, any layout.")
@click.option(
    "--probabilities", type=click.Path(path_type=Path), help="What your app got for IMAGE, .npy or JSON, in the order of the labels."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def command(bundle: Path, photo: Path, tensor: Path | None, probabilities: Path | None, as_json: bool) -> None:
    """Name the known mistake that turned IMAGE into the dumped tensor, or into the dumped probabilities."""
    if tensor is None and probabilities is None:
        raise UsageError("nothing to diagnose. Dump what your app feeds to the network and name it with --tensor, or with --probabilities.")
    from export.diagnose.outputs import diagnose_probabilities
    from export.diagnose.verdict import diagnose_tensor

    opened = open_bundle(bundle)
    said: dict[str, Any] = {}
    agrees = True
    if tensor is not None:
        found = diagnose_tensor(photo, tensor, opened.spec.input)
        said["tensor"] = _tensor_json(found)
        agrees &= found.verdict == "agrees"
        if not as_json:
            _show_tensor(found)
    if probabilities is not None:
        answer = diagnose_probabilities(photo, probabilities, opened)
        said["probabilities"] = _answer_json(answer)
        agrees &= answer.verdict == "agrees"
        if not as_json:
            _show_answer(answer)
    if as_json:
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    sys.exit(0 if agrees else 1)


def _tensor_json(found: Diagnosis) -> dict[str, Any]:
    best = found.findings[0]
    return {
        "verdict": found.verdict,
        "sentence": found.sentence,
        "layout": found.dump.layout,
        "dtype": found.dump.dtype,
        "range": found.dump.values,
        "mistakes": [mistake.name for mistake in best.mistakes] if found.verdict == "named" else [],
        "same": [one.name for one in found.same],
        "findings": [
            {
                "mistakes": [mistake.name for mistake in one.mistakes],
                "rms": one.rms,
                "mean_abs": one.mean_abs,
                "max_abs": one.max_abs,
                "share_left": one.share_left,
                "scale": one.affine.scale,
                "offset": one.affine.offset,
            }
            for one in found.findings
        ],
        "fixes": {mistake.name: dict(mistake.fixes) for mistake in best.mistakes} if found.verdict == "named" else {},
    }


def _answer_json(found: OutputDiagnosis) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "sentence": found.sentence,
        "findings": [{"input": one.input, "output": one.output, "max_abs": one.max_abs} for one in found.findings],
        "fixes": found.fixes if found.verdict == "named" else {},
    }


def _show_tensor(found: Diagnosis) -> None:
    dump = found.dump
    click.echo(f"Tensor: {dump.layout}, {dump.dtype}, values {dump.values}\n")
    click.echo(f"{'explanation':<44} {'rms':>8} {'mean':>8} {'max':>8} {'left':>8}   (in 1/255; left: share of variance)")
    for one in found.findings:
        click.echo(f"{one.name:<44} {one.rms:8.3f} {one.mean_abs:8.3f} {one.max_abs:8.2f} {one.share_left:8.2%}")
    click.secho(f"\n{found.sentence}", bold=True)
    if found.verdict == "named":
        for mistake in found.findings[0].mistakes:
            _show_fixes(mistake.name, mistake.fixes)


def _show_answer(found: OutputDiagnosis) -> None:
    click.echo(f"{'input':<30} {'output':<24} {'max |Δp|':>9}")
    for one in found.findings:
        click.echo(f"{one.input:<30} {one.output:<24} {one.max_abs:9.1e}")
    click.secho(f"\n{found.sentence}", bold=True)
    if found.verdict == "named":
        for name, fixes in found.fixes.items():
            _show_fixes(name, fixes)


def _show_fixes(name: str, fixes: Any) -> None:
    click.echo(f"\nFix of {name}:")
    for platform, line in fixes.items():
        click.echo(f"  {platform:<15} {line}")
