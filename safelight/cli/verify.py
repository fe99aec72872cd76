"""`safelight verify`: prove that every runtime agrees with PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from export.parity import report as reports
from export.parity.browsers.phone import PhoneOptions
from export.parity.summary import hint, summaries
from export.parity.verify import VerifyOptions, verify
from safelight.bundle import open_bundle
from safelight.cli.options import Names, joined
from safelight.cli.progress import progress
from safelight.cli.qr import drawing
from safelight.errors import UsageError

if TYPE_CHECKING:
    from export.parity.report import ParityReport

DEFAULT = VerifyOptions()
DEFAULT_PHONE = PhoneOptions()
REPORT_WIDTH = 120  # characters, where no terminal says

EXAMPLES = """
\b
Examples:
  safelight verify pets.bundle
  safelight verify pets.bundle --images photos/ --html parity.html
  safelight verify pets.bundle --runtimes onnxruntime,litert --browsers none
  safelight verify pets.bundle --browsers chromium,firefox,webkit
  safelight verify pets.bundle --browsers none --phone
  safelight verify pets.bundle --require onnxruntime,litert,chromium --junit parity.xml

With --phone every photo of the run, those of --images too, travels to that phone over the local network, unencrypted. The
address holds a one-time token: the first device that opens it is the only one, and the server ends with the test.

\b
Exit code: 0 every runtime agrees, 1 one disagrees or a required one is missing, 2 wrong usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--images", type=click.Path(path_type=Path), help="A folder of photos to test with besides the golden ones; nothing is stored."
)
@click.option(
    "--max-images", type=click.IntRange(1), default=DEFAULT.max_images, show_default=True, help="How many of them, spread evenly."
)
@click.option("--runtimes", type=Names(), default="all", help="Only these runtimes, such as onnxruntime,chromium/tfjs-wasm.")
@click.option("--browsers", type=Names(), default=joined(DEFAULT.browsers), show_default=True, help="Which browsers, or none.")
@click.option("--phone", is_flag=True, help="Show a QR code: the phone that opens it is tested, too.")
@click.option(
    "--phone-address", default=DEFAULT_PHONE.address, metavar="HOST[:PORT]", help="This machine's address, as the phone finds it."
)
@click.option(
    "--phone-wait",
    type=click.FloatRange(1),
    default=DEFAULT_PHONE.wait,
    show_default=True,
    metavar="SECONDS",
    help="How long for somebody to open it.",
)
@click.option(
    "--slow-images",
    type=click.IntRange(0),
    default=DEFAULT.slow_images,
    show_default=True,
    help="Photos for WebGL, slow without a GPU; 0: none.",
)
@click.option(
    "--require", type=Names(), default=joined(DEFAULT.require), show_default=True, help="Runtimes that must pass: a skip is a failure."
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the report as JSON.")
@click.option("--junit", "junit_path", type=click.Path(path_type=Path), help="Write the report as JUnit XML.")
@click.option("--html", "html_path", type=click.Path(path_type=Path), help="Write the report as one HTML page.")
def command(
    bundle: Path,
    runtimes: tuple[str, ...],
    phone: bool,
    phone_address: str,
    phone_wait: float,
    json_path: Path | None,
    junit_path: Path | None,
    html_path: Path | None,
    **options: Any,
) -> None:
    """Prove that every runtime agrees with PyTorch on BUNDLE, from the photos' bytes to the probabilities."""
    chosen = () if runtimes == ("all",) else runtimes
    if phone_address and not phone:
        raise UsageError("--phone-address says how --phone is reached: give both.")
    asked = PhoneOptions(phone_address, phone_wait, announce) if phone else None
    opened = open_bundle(bundle)
    if options["images"] is not None:
        _keep_private(bundle, json_path, junit_path, html_path)
    with progress() as on_progress:
        report = verify(opened, VerifyOptions(runtimes=chosen, phone=asked, **cast(Any, options)), on_progress)
    reports.write(report, json_path=json_path, junit_path=junit_path, html_path=html_path)
    show(report)
    if html_path is not None and reports.shows_own_photos(report):
        click.echo(f"{html_path} shows pictures of photos from {options['images']}: keep it where they may be seen.", err=True)
    sys.exit(0 if report.passed else 1)


def _keep_private(bundle: Path, *reported: Path | None) -> None:
    """Refuse reports on somebody's own photos inside the bundle, which is for publishing."""
    for path in reported:
        if path is not None and path.resolve().is_relative_to(bundle.resolve()):
            raise click.UsageError(
                f"{path} is inside the bundle, which is for publishing, and a report on --images names and shows those photos. "
                "Write it elsewhere."
            )


def announce(url: str) -> None:
    """Show the address as a QR code and in plain text, on stderr: stdout is the report's."""
    try:
        code = drawing(url)
    except ImportError:
        code = "(A QR code needs segno, which comes with safelight[export].)"
    text = f"{code}\nOpen this on the phone, in the same network, and keep its screen on:\n{url}\n"
    # Not click.echo: it may go past the progress line, which has put itself before sys.stderr.
    sys.stderr.write(text if sys.stderr.isatty() else click.unstyle(text))
    sys.stderr.flush()


def show(report: ParityReport) -> None:
    """The report as a table, and one sentence."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("runtime", "", "photos", "decode", "resize", "max |Δp|", "mean |Δp|", "flips", "ms"):
        table.add_column(name, justify="left" if name in ("runtime", "") else "right", no_wrap=name != "runtime", overflow="fold")
    colours = {"pass": "green", "fail": "red", "skipped": "yellow"}
    for name, row in report.runtimes.items():
        identical = [f"{one.identical}/{one.files}" for one in (row.stages.decode, row.stages.resize)] if row.stages else ["–", "–"]
        figures = [
            f"{row.images}",
            *identical,
            f"{row.max_abs_probability:.1e}",
            f"{row.mean_abs_probability:.1e}",
            f"{row.flips}",
            f"{row.median_ms:.1f}",
        ]
        table.add_row(name, f"[{colours[row.status]}]{row.status}[/]", *(figures if row.images else [""] * 7))
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else REPORT_WIDTH)
    console.print(table)
    for one in summaries(report):
        console.print(f"[{colours[one.status]}]{one.status}[/] {escape(one.sentence)}")
    if hint(report):
        console.print(hint(report))
    for name, row in report.runtimes.items():
        if row.reason:
            console.print(f"[{colours[row.status]}]{row.status}[/] {name}: {escape(row.reason)}")
    for problem in report.problems:
        console.print(f"[red]fail[/] {problem}")
    for file, reason in report.refused.items():
        console.print(f"refused everywhere: {file} ({reason})")
    for engine, verdicts in report.verdicts.items():
        for photo in verdicts.differ:
            console.print(f"[yellow]{engine}[/] says {photo['engine']} of {photo['file']}, Python says {photo['python']}")
    for engine, known in reports.explained(report):
        effect = f"by up to {known.max_abs}/255, which changes a probability by up to {known.max_abs_probability:.1e}"
        console.print(f"[yellow]{engine}[/] makes other pixels of {known.file}, {effect}: {known.cause}")
    for name, device in report.devices.items():
        console.print(f"{name}: {device}", markup=False)
    passed = sum(row.status == "pass" for row in report.runtimes.values())
    failed = sum(row.status == "fail" for row in report.runtimes.values())
    verdict = "[green]proven[/]" if report.passed else "[red]not proven[/]"
    console.print(
        f"{verdict}: {passed} passed, {failed} failed, {len(report.runtimes) - passed - failed} skipped on {report.photos} photos"
    )
