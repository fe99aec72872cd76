"""`safelight web`: a static site that classifies photos in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from safelight import offline, serving, site
from safelight.bundle import open_bundle
from safelight.errors import UsageError
from safelight.spec import Format, Precision

EXAMPLES = """
\b
Examples:
  safelight web pets.bundle --out site/
  safelight web pets.bundle --out site/ --serve --port 8000
  safelight web pets.bundle --out site/ --format tfjs --format tflite --precision fp32
"""


@click.command(epilog=EXAMPLES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The site's folder; replaced if it is such a site.")
@click.option("--precision", type=click.Choice(get_args(Precision)), help="fp16 is half the download. [default: fp16, else fp32]")
@click.option(
    "--format",
    "formats",
    type=click.Choice(site.WEB_FORMATS),
    multiple=True,
    help="Repeat for more: each adds its runtimes to the choice. [default: the first that the bundle has]",
)
@click.option("--serve", is_flag=True, help="Serve it on this machine until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free port.")
def command(bundle: Path, out: Path, precision: Precision | None, formats: tuple[Format, ...], serve: bool, port: int) -> None:
    """Write BUNDLE as a static site: copy it to any web server, under any path. Photos never leave the visitor's device."""
    site.write(open_bundle(bundle), out, precision=precision, formats=formats)
    listed = offline.read(out / offline.SERVICE_WORKER).files
    size, first = sum(file.bytes for file in listed), sum(file.bytes for file in listed if file.precached)
    click.echo(f"{out}: {size / 1e6:.1f} MB, a first visit takes {first / 1e6:.1f}. To any static host; hosting/README.md in it says how.")
    if serve:
        _serve(out, port)


def _serve(folder: Path, port: int) -> None:
    try:
        server = serving.server(folder, site.build().headers, port)
    except OSError as error:
        raise UsageError(f"port {port} can't be opened: {error.strerror}. Choose another with --port, or 0 for any free one.") from error
    with server:
        click.echo(f"Open http://{serving.ADDRESS}:{server.server_port}/ (Ctrl-C stops)")
        server.serve_forever()
