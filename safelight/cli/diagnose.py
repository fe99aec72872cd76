"""`safelight diagnose`: name the mistake that made somebody's tensor or probabilities differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safelight.bundle import open_bundle
from safelight.errors import UsageError

if TYPE_CHECKING:
    from export.diagnose.mistake import Platform
    from export.diagnose.outputs import OutputDiagnosis
    from export.diagnose.verdict import Diagnosis

EXAMPLES = """
\b
Examples:
  safelight diagnose pets.bundle cat.jpg --tensor input.npy
  safelight diagnose pets.bundle cat.jpg --tensor input.json --json
  safelight diagnose pets.bundle cat.jpg --probabilities answer.json

\b
How to dump what your app feeds:
  Python      numpy.save("input.npy", tensor)
  JavaScript  JSON.stringify(Array.from(tensor))
  Kotlin      file.writeText(floats.joinToString(",", "[", "]"))
  Swift       try JSONEncoder().encode(floats).write(to: url)

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
        "explained": found.explained,
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
        "fixes": {name: dict(lines) for name, lines in found.fixes.items()},
    }


def _answer_json(found: OutputDiagnosis) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "sentence": found.sentence,
        "findings": [{"input": one.input, "output": one.output, "max_abs": one.max_abs} for one in found.findings],
        "rivals": list(found.rivals),
        "fixes": {name: dict(lines) for name, lines in found.fixes.items()},
    }


def _show_tensor(found: Diagnosis) -> None:
    dump = found.dump
    click.echo(f"Tensor: {dump.layout}, {dump.dtype}, values {dump.values}\n")
    width = max(len(one.name) for one in found.findings) + 2
    click.echo(f"{'If this was done':<{width}} {'explained':>9}   off by, in steps of 1/255: {'rms':>7} {'mean':>7} {'most':>7}")
    for one in found.findings:
        click.echo(f"{one.name:<{width}} {1 - one.share_left:>9.2%} {'':<28} {one.rms:>7.2f} {one.mean_abs:>7.2f} {one.max_abs:>7.1f}")
    click.secho(f"\n{found.sentence}", bold=True)
    _show_fixes(found.fixes)
    if any(mistake.stage == "frame" for mistake in found.findings[0].mistakes) and found.fixes:
        click.echo(f"\nS is {found.spec.size}, R is {found.spec.resize_to} (input.size and input.resize_to in spec.json).")


def _show_answer(found: OutputDiagnosis) -> None:
    width = max(len(one.name) for one in found.findings) + 2
    click.echo(f"{'If this was done':<{width}} {'off by at most':>14}")
    for one in found.findings:
        click.echo(f"{one.name:<{width}} {one.max_abs:>14.1e}")
    click.secho(f"\n{found.sentence}", bold=True)
    _show_fixes(found.fixes)


def _show_fixes(fixes: Mapping[str, Mapping[Platform, str]]) -> None:
    for name, lines in fixes.items():
        click.echo(f"\nFix of {name}:")
        for platform, line in lines.items():
            click.echo(f"  {platform:<15} {line}")
