"""What a first visit takes over the wire: a real Chromium opens the site of a bundle, the server counts. Target: ≤ 10 MB with gzip.

python bench/web_first_visit.py [BUNDLE]    EfficientNet-Lite0 with ImageNet's 1000 classes, unless a bundle is named
"""

# ruff: noqa: T201 a benchmark speaks by print

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from export.parity.browsers import chromium
from export.ship import ShipOptions, ship
from safelight import hosting, offline, serving, site
from safelight.bundle import open_bundle
from safelight.spec import Precision

HOSTS = {"no compression": (), "gzip": ("gzip",), "brotli and gzip": ("br", "gzip")}
PRECISIONS: tuple[Precision, ...] = ("fp16", "fp32")
LIMIT = 120.0  # seconds
SETTLE = 1.0  # seconds without a request after the last file of the list


class Counter(serving.Handler):
    """Counts the bodies that it sends, and knows only some encodings."""

    def __init__(self, *args: Any, sent: dict[str, int], encodings: tuple[str, ...], **options: Any) -> None:
        self._sizes, self._encodings = sent, encodings
        super().__init__(*args, **options)

    def send_head(self) -> BufferedReader | None:
        """As the base class, and note the size under the path; a file that is sent twice counts twice."""
        accepted = self.headers.get("Accept-Encoding", "")
        del self.headers["Accept-Encoding"]
        self.headers["Accept-Encoding"] = ", ".join(each for each in self._encodings if each in accepted)
        stream = super().send_head()
        if stream is not None:
            path = urlsplit(self.path).path.lstrip("/") or site.PAGE
            self._sizes[path] = self._sizes.get(path, 0) + Path(stream.name).stat().st_size
        return stream


def visit(folder: Path, encodings: tuple[str, ...], program: str) -> dict[str, int]:
    """Bytes of the bodies by path, of a first visit with a fresh profile until everything that is kept offline has come."""
    sent: dict[str, int] = {}
    headers = {**site.build().headers, **hosting.FRESH}
    handler = functools.partial(Counter, directory=str(folder), headers=headers, sent=sent, encodings=encodings)
    wanted = {file.path for file in offline.read(folder / offline.SERVICE_WORKER).files if file.precached}
    with ThreadingHTTPServer((serving.ADDRESS, 0), handler) as server, tempfile.TemporaryDirectory() as profile:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://{serving.ADDRESS}:{server.server_port}/"
        command = chromium.command(program, Path(profile), url)
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + LIMIT
            while wanted - set(sent):
                if time.monotonic() > end:
                    raise TimeoutError(f"not asked for within {LIMIT:.0f} s: {sorted(wanted - set(sent))}")
                time.sleep(0.1)
            time.sleep(SETTLE)
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()
    return sent


def main() -> None:
    """Print a table as Markdown: kinds of host × precisions, by what the bytes are."""
    program = chromium.find()
    if program is None:
        sys.exit(chromium.MISSING)
    with tempfile.TemporaryDirectory() as place:
        bundle = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(place) / "imagenet.bundle"
        if len(sys.argv) == 1:
            ship("efficientnet_lite0", bundle, ShipOptions(browsers=()))
        print("| host | precision | page MB | runtime MB | model MB | examples, spec MB | all MB |\n|---|---|---:|---:|---:|---:|---:|")
        for precision in PRECISIONS:
            folder = Path(place) / precision
            site.write(open_bundle(bundle), folder, precision=precision)
            for host, encodings in HOSTS.items():
                sums = dict.fromkeys(("page", "runtime", "model", "rest"), 0)
                for path, size in visit(folder, encodings, program).items():
                    sums[kind(path)] += size
                cells = [f"{size / 1e6:.2f}" for size in (*sums.values(), sum(sums.values()))]
                print(f"| {host} | {precision} | " + " | ".join(cells) + " |", flush=True)


def kind(path: str) -> str:
    """Which column a file belongs to."""
    if path.startswith("bundle/"):
        return "rest" if path.startswith("bundle/golden/") or path.endswith("spec.json") else "model"
    owned = {each for runtime in site.build().runtimes.values() for each in runtime.files}
    return "runtime" if path in owned else "page"


if __name__ == "__main__":
    main()
