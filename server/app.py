"""The factory: the only place where everything meets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SessionInterface
from werkzeug.routing import Rule

from server import config, db, errors, logs, proxies, space, web
from server.addresses import KeepSlashes, KeyInPath, Number, Step
from server.api import (
    access,
    accounts,
    app_passwords,
    audits,
    backup,
    bulk,
    changes,
    description,
    drafts,
    entity_lists,
    exports,
    findings,
    forms,
    headers,
    links,
    logic,
    odata,
    openrosa,
    preferences,
    projects,
    reviews,
    sessions,
    submissions,
    system,
    unit_levels,
    units,
    versions,
)
from server.api import config as server_config
from server.config import Settings
from server.parts import NAME, Parts
from server.secrets import Vault
from server.space import Space
from server.storage import open_storage
from server.storage.disk import Disk
from server.uploads import SpoolingRequest

API = (
    sessions,
    accounts,
    app_passwords,
    preferences,
    access,
    links,
    projects,
    forms,
    drafts,
    entity_lists,
    changes,
    logic,
    submissions,
    reviews,
    bulk,
    findings,
    exports,
    odata,
    openrosa,
    audits,
    versions,
    system,
    server_config,
    backup,
    units,
    unit_levels,
    description,
)


class NoSession(SessionInterface):
    """Who is signed in stands in a table. Flask's session in a signed cookie is not used, and costs nothing."""

    def open_session(self, app: Flask, request: Request) -> None:
        """None."""


class Route(Rule):
    """What makes its addresses is compiled when the first is asked for: that of all routes was most of a start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = functools.cache(functools.partial(super()._compile_builder, append_unknown))

        def build(route: Rule, /, **values: Any) -> tuple[str, str]:
            return compiled()(route, **values)

        return build


class App(Flask):
    """Flask, with bodies that are spooled and hashed while they arrive."""

    request_class = SpoolingRequest
    url_rule_class = Route
    session_interface = NoSession()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view is a coroutine, which Flask would look up at every step of every request."""
        return func


def create_app(settings: Settings | None = None) -> App:
    """The application. Without settings they are read from the environment. Raises SettingsError."""
    chosen = settings or config.load()
    app = App("server", static_folder=None, template_folder="web/templates")
    app.config["MAX_CONTENT_LENGTH"] = chosen.max_body
    app.config["SECRET_KEY"] = chosen.secret_key
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["default"] = Step
    app.url_map.converters["int"] = Number
    app.wsgi_app = KeepSlashes(KeyInPath(app.wsgi_app))  # type: ignore[method-assign]
    if chosen.public_url:
        # Behind the one proxy of design 2.3; without it these headers are anybody's to write.
        app.wsgi_app = proxies.Believed(app.wsgi_app, chosen.proxies)  # type: ignore[method-assign]
    storage = open_storage(chosen.storage_url)
    app.extensions[NAME] = Parts(chosen, storage, Vault(chosen.secret_key, cheap_hashes=chosen.testing))
    kept = [storage.folder] if isinstance(storage, Disk) else []
    app.extensions[space.NAME] = Space(chosen.data_dir / "incoming", kept, chosen.min_free_disk)
    db.init_app(app, chosen.database_url)
    logs.register(app)
    errors.register(app)
    for module in API:
        module.register(app)
    web.register(app)
    headers.register(app)
    return app
