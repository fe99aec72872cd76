"""A server on this machine that behaves as servers do: ranges, cut connections, redirects, refusals, pages that say sorry."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Website:
    """What is served, how it misbehaves, and what was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)  # path → content
    cuts: dict[str, deque[int]] = field(default_factory=dict)  # path → after how many bytes each of the next answers breaks off
    answers: dict[str, deque[tuple[int, dict[str, str]]]] = field(default_factory=dict)  # path → statuses to come first
    no_ranges: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Range
    most_at_once: int = 0
    busy: int = 0
    barrier: threading.Barrier | None = None  # requests wait here for each other, a moment
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def counts(self) -> Counter[str]:
        return Counter(path for path, _ in self.asked)

    def url(self, path: str) -> str:
        return self.address + path


@contextmanager
def website() -> Iterator[Website]:
    site = Website()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with site.lock:
                site.asked.append((self.path, self.headers.get("Range", "")))
                site.busy += 1
                site.most_at_once = max(site.most_at_once, site.busy)
            try:
                if site.barrier:
                    try:
                        site.barrier.wait(0.1)
                    except threading.BrokenBarrierError:
                        site.barrier.reset()
            finally:
                with site.lock:
                    site.busy -= 1  # before the answer: whoever has it may ask again at once
            self.answer()

        def answer(self) -> None:
            if site.answers.get(self.path):
                status, headers = site.answers[self.path].popleft()
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                return
            if self.path not in site.files:
                self.send_error(404)
                return
            data, start = site.files[self.path], 0
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if wanted and not site.no_ranges:
                start = int(wanted[1])
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            end = site.cuts[self.path].popleft() if site.cuts.get(self.path) else len(data)
            self.wfile.write(data[start : start + end])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
