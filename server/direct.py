"""Answers to phones, sent as they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response

# What is not said again of a document that did not change, as of every other answer (werkzeug.http).
_OF_THE_BODY = frozenset(
    ("allow", "content-encoding", "content-language", "content-length", "content-md5", "content-range", "content-type")
)


class Direct(Response):
    """An answer in one piece, whose headers name no other address.

    Flask looks for one in each answer, in a copy of the headers that is checked anew: a tenth of what it takes to
    answer what phones ask all day.
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Send it."""
        pieces, headers = self.get_app_iter(environ), list(self.headers)
        if self.status_code == 304:
            headers = [each for each in headers if each[0].lower() not in _OF_THE_BODY]
        elif self.status_code == 204:
            headers = [each for each in headers if each[0].lower() != "content-length"]
        elif "Content-Length" not in self.headers:
            headers.append(("Content-Length", str(len(self.get_data()))))
        start_response(self.status, headers)
        return pieces
