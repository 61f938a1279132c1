"""Whose X-Forwarded-* headers are believed: those of the proxy in front, and not of anybody who reaches the port."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Believed:
    """The application, that takes scheme, host and source from the headers of these peers. `networks`: "*" is all."""

    def __init__(self, application: WSGIApplication, networks: Sequence[str]) -> None:
        self._plain = application
        self._forwarded = ProxyFix(application, x_for=1, x_proto=1, x_host=1)
        self._all = "*" in networks
        self._networks = [ipaddress.ip_network(each) for each in networks if each != "*"]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """As WSGI has it."""
        believed = self._all or self._is_proxy(environ.get("REMOTE_ADDR", ""))
        return (self._forwarded if believed else self._plain)(environ, start_response)

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return peer == ""  # a socket of the machine itself
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
