"""Who may use the server: the first page that asks. It is told apart by a cookie that nobody else was given."""

from __future__ import annotations

import secrets
import threading
from http.cookies import CookieError, SimpleCookie

COOKIE = "claimed"


class Claim:
    """Nobody's until `take` is called for the first time. Any thread may ask."""

    def __init__(self) -> None:
        self.is_taken = False
        self._secret = secrets.token_urlsafe(16)
        self._taking = threading.Lock()

    def is_held_by(self, cookies: str) -> bool:
        """Whether a request's Cookie header shows the claim."""
        try:
            found = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return False
        return found is not None and secrets.compare_digest(found.value.encode(), self._secret.encode())

    def take(self, cookies: str, path: str) -> str | None:
        """The Set-Cookie header for everything below `path`: for the first who asks, and for the same one after a reload.

        None for everybody else.
        """
        with self._taking:
            if self.is_taken and not self.is_held_by(cookies):
                return None
            self.is_taken = True
        return f"{COOKIE}={self._secret}; Path={path}; HttpOnly; SameSite=Strict"
