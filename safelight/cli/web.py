"""`safelight web`: a static site that classifies photos in the browser."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import get_args

import click

from safelight import site
from safelight.bundle import open_bundle
from safelight.errors import UsageError
from safelight.spec import Precision

EXAMPLES = """
\b
Examples:
  safelight web pets.bundle --out site/
  safelight web pets.bundle --out site/ --serve --port 8000
"""


@click.command(epilog=EXAMPLES)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The site's folder; replaced if it is such a site.")
@click.option("--precision", type=click.Choice(get_args(Precision)), default="fp32", show_default=True, help="fp16 halves the download.")
@click.option("--serve", is_flag=True, help="Serve it on this machine until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free port.")
def command(bundle: Path, out: Path, precision: Precision, serve: bool, port: int) -> None:
    """Write BUNDLE as a static site: copy it to any web server, under any path. Photos never leave the visitor's device."""
    site.write(open_bundle(bundle), out, precision=precision)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    click.echo(f"{out}: {size / 1e6:.1f} MB. Copy the folder to any static host.")
    if serve:
        _serve(out, port)


def _serve(folder: Path, port: int) -> None:
    handler = functools.partial(_Quiet, directory=str(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise UsageError(f"port {port} can't be opened: {error.strerror}. Choose another with --port, or 0 for any free one.") from error
    with server:
        click.echo(f"Open http://127.0.0.1:{server.server_port}/ (Ctrl-C stops)")
        server.serve_forever()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Silence: requests are no news."""
