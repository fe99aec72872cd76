"""HTTP for downloads: GET over http and https alone, few redirects, a timeout, and no address of the local network unasked.

A list of addresses may come from anybody, and a page may redirect anywhere: to a router, a printer, a cloud's metadata.
The address that was really connected to is judged, before a byte of the request is sent, so that no name can change its
meaning in between. Through a proxy only the proxy knows that address; then what the address itself says is judged.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from safelight.errors import FetchError

SCHEMES = ("http", "https")
MAX_REDIRECTS = 5
TIMEOUT = 30.0  # seconds without a byte
AGENT = "safelight (photos that somebody asked for)"
SAFE = "%/:=&?~#+!$,;'@()*[]"  # what stays as it is in an address that is written with other letters


@dataclass(frozen=True)
class Access:
    """Where a download may go, and how."""

    private: bool = False  # addresses of this machine and the local network, too
    timeout: float = TIMEOUT


class Refused(FetchError):
    """An address that won't do, now or later."""


class Failed(FetchError):
    """A try that went wrong; another one may not."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait  # seconds that the server asks for


def clean(address: str) -> str:
    """An address as it can be sent, without its fragment. Raises Refused."""
    try:
        parts = urllib.parse.urlsplit(address.strip())
        host, port = (parts.hostname or "").encode("idna").decode() if parts.hostname else "", parts.port
    except (ValueError, UnicodeError) as error:
        raise Refused(f"{address!r} is no address: {error}.") from error
    if parts.scheme.lower() not in SCHEMES:
        raise Refused(f"{address!r} is not http or https.")
    if not host:
        raise Refused(f"{address!r} names no host.")
    if parts.username is not None or parts.password is not None:
        raise Refused("an address with a user name and a password is not taken: it would be written into the record.")
    place = f"[{host}]" if ":" in host else host
    netloc = place if port is None else f"{place}:{port}"
    return urllib.parse.urlunsplit(
        (parts.scheme.lower(), netloc, urllib.parse.quote(parts.path, SAFE), urllib.parse.quote(parts.query, SAFE), "")
    )


@contextmanager
def get(address: str, access: Access, headers: dict[str, str] | None = None) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET: 200 or 206. Raises Refused or Failed, also where its body breaks off while it is read."""
    request = urllib.request.Request(address, headers={"User-Agent": AGENT, **(headers or {})})
    try:
        with _opener(access).open(request, timeout=access.timeout) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Failed(f"the server answered {error.code} {error.reason}.", _seconds(error.headers.get("Retry-After"))) from error
        raise Refused(f"the server answered {error.code} {error.reason}.") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, FetchError):
            raise reason from error
        raise Failed(f"no whole answer came: {reason or type(error).__name__}.") from error


def is_public(host: str) -> bool:
    """Whether an IP address is one of the internet. A name is not judged, but for those of this machine."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.rstrip(".").lower() != "localhost" and not host.rstrip(".").lower().endswith((".localhost", ".local"))
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    return address.is_global and not address.is_multicast


def _judge(host: str, access: Access) -> None:
    if not access.private and not is_public(host):
        raise Refused(f"{host} is an address of this machine or the local network. --private allows it.")


def _opener(access: Access) -> urllib.request.OpenerDirector:
    """Only http and https: urllib's own opener would read file: and ftp:, too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
        _Http(access),
        _Https(access),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = MAX_REDIRECTS
    max_repeats = MAX_REDIRECTS

    def redirect_request(self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if req.type == "https" and not newurl.lower().startswith("https:"):
            raise Refused("the server redirects from https to something else.")
        return super().redirect_request(req, fp, code, msg, headers, clean(newurl))


class _Http(urllib.request.HTTPHandler):
    def __init__(self, access: Access) -> None:
        super().__init__()
        self.access = access

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_connection(http.client.HTTPConnection, req, self.access), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, access: Access) -> None:
        super().__init__()
        self.access = access

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_connection(http.client.HTTPSConnection, req, self.access), req)


def _connection(kind: type[http.client.HTTPConnection], request: urllib.request.Request, access: Access) -> Any:
    """A connection class that looks whom it has reached before it says anything."""
    target = urllib.parse.urlsplit(request.full_url).hostname or ""
    if request.has_proxy() or getattr(request, "_tunnel_host", None):
        _judge(target, access)
        return kind

    class Judged(kind):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            try:
                _judge(self.sock.getpeername()[0], access)
            except Refused:
                self.close()
                raise

    return Judged


def _seconds(text: str | None) -> float | None:
    """Of a Retry-After header; its form as a date is left alone."""
    return float(text) if text and text.isascii() and text.isdigit() else None
