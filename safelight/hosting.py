"""How a host is told to send the site's headers. The service worker sends them too; a host that does binds the very first visit.

The headers are the web app's (`webapp/headers.json`), handed on in its `build.json`: they stand nowhere else.
"""

from __future__ import annotations

from pathlib import Path

FRESH = {"Cache-Control": "no-cache"}  # ask whether it has changed: the answer is 304 and a hundred bytes

README = """\
# Hosting this site

Copy the folder that this one lies in to any static host, under any path; this sub-folder itself needs no copying.
Serve it over https: browsers give service workers, and so offline use, to https and to 127.0.0.1 only.

- Netlify, Cloudflare Pages: `_headers` in the site's folder is read as it is, if the site is at the root of its domain.
- nginx: `nginx.conf`. Caddy: `Caddyfile`. Both take the compressed copies (`.gz`, `.br`) that lie beside the files.
- GitHub Pages and hosts without headers: nothing to do. The service worker puts the headers on everything it answers,
  workers included. Only what a browser loads before the service worker is in charge, the page itself, goes without: it
  carries the policy in a `<meta>` element, and starts no worker before.

Switch off whatever rewrites HTML or scripts on the way (minifying, "rocket loaders", analytics): the service worker
compares every file with its checksum, refuses a changed one, and the site then works online only.
"""


def write(folder: Path, headers: dict[str, str]) -> None:
    """Write `_headers` and the folder `hosting/` into a site."""
    sent = {**headers, **FRESH}
    (folder / "_headers").write_text("/*\n" + "".join(f"  {name}: {value}\n" for name, value in sent.items()), encoding="utf-8")
    place = folder / "hosting"
    place.mkdir()
    (place / "nginx.conf").write_text(_nginx(sent), encoding="utf-8")
    (place / "Caddyfile").write_text(_caddy(sent), encoding="utf-8")
    (place / "README.md").write_text(README, encoding="utf-8")


def _nginx(headers: dict[str, str]) -> str:
    lines = "".join(f'    add_header {name} "{value}" always;\n' for name, value in headers.items())
    return (
        "# Inside `server { … }`; put the site's folder and its path in place of /srv/safelight and /.\n"
        "location / {\n"
        "    root /srv/safelight;\n"
        "    index index.html;\n"
        "    include mime.types;\n"
        "    types { application/wasm wasm; application/manifest+json webmanifest; text/javascript js mjs; }\n"
        "    gzip_static on;  # and `brotli_static on;` where the module is there\n"
        f"{lines}"
        "}\n"
    )


def _caddy(headers: dict[str, str]) -> str:
    lines = "".join(f'        {name} "{value}"\n' for name, value in headers.items())
    return (
        "# Put your domain and the site's folder in place of these.\n"
        "photos.example.com {\n"
        "    root * /srv/safelight\n"
        "    file_server {\n"
        "        precompressed br gzip\n"
        "    }\n"
        "    header {\n"
        f"{lines}"
        "    }\n"
        "}\n"
    )
