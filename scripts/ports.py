"""Where the server listens, by HOST and PORT, and whether that place is free. The standard library only."""

from __future__ import annotations

import errno
import os
import socket

EVERYWHERE = "0.0.0.0"  # noqa: S104  asked for with --lan only


class PortError(Exception):
    """The server cannot listen there; the text is for a person."""


def address(*, lan: bool = False) -> tuple[str, int]:
    """HOST and PORT as set, with the defaults."""
    host = os.environ.get("HOST") or (EVERYWHERE if lan else "127.0.0.1")
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise PortError(f"PORT must be a number from 1 to 65535, and is “{port}”.")
    return host, int(port)


def check(*, lan: bool = False) -> None:
    """Raise PortError, with a sentence for a person, where the server could not listen."""
    host, port = address(lan=lan)
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        raise PortError(_sentence(host, port, error)) from error


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 8000
        return f"Port {port} is already in use, perhaps by this server. Stop that one, or choose another: PORT={other}"
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used without more rights. Choose one from 1024 on, for example PORT=8000"
    return f"The server cannot listen on HOST={host}, PORT={port}: {error.strerror or error}"
