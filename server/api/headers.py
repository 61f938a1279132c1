"""Headers for every answer that is neither a page nor made for one, refusals included."""

from __future__ import annotations

from flask import Flask, Request, Response, g

from server.api.wire import REVALIDATE
from server.here import this_request

NEVER = "no-store"
# Answers hold what somebody sent, and lie on the origin of the pages: as a document none of them may do anything.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def register(app: Flask) -> None:
    """Headers for every answer that is neither a page nor made for one, refusals included; and the type of JSON."""
    app.json.mimetype = "application/json; charset=utf-8"  # type: ignore[attr-defined]

    @app.after_request
    def disarm(response: Response) -> Response:
        asked, headers = this_request(), response.headers
        of_the_api = f"{asked.path}/".startswith("/v1/")
        if of_the_api:
            _set_caching(asked, response)
        if of_the_api or g.get("door", "page") not in ("page", "asset"):
            there = {name.lower() for name, _ in headers}
            for name, value in HEADERS.items():
                if name.lower() not in there:
                    headers.add(name, value)
        return response


def _set_caching(request: Request, response: Response) -> None:
    """What was read may be kept by the one who read it, who asks each time whether it changed; nothing else."""
    reads = request.method in ("GET", "HEAD") and not request.path.startswith("/v1/sessions/")
    if not reads:
        response.headers["Cache-Control"], response.headers["Vary"] = NEVER, "*"
        return
    response.headers.setdefault("Cache-Control", REVALIDATE)
    # `shared`: what everybody is shown, and caches may give to anybody.
    wanted = "Accept-Encoding" if g.get("shared") else "Accept-Encoding, Origin"
    if response.headers.get("Vary") in (None, "Accept-Encoding"):
        response.headers["Vary"] = wanted
    else:
        response.vary.update(wanted.split(", "))
    if response.status_code >= 400:
        response.headers.pop("ETag", None)
    elif response.status_code == 200 and response.mimetype == "application/json" and not response.is_streamed:
        if "ETag" not in response.headers:
            response.add_etag(weak=True)
        response.make_conditional(request)
