"""The pages: server-rendered, few, in Vietnamese and English. Views parse, call one action and render."""

from __future__ import annotations

from flask import Flask

from server.web import assets, drafts, forms, login, pages, people, projects, review, show

MODULES = (login, projects, forms, drafts, review, people)


def register(app: Flask) -> None:
    """Attach the routes, the words and the headers of pages."""
    app.url_map.converters["name"] = pages.NameConverter
    assets.register(app)
    show.register(app)
    pages.register(app)
    for module in MODULES:
        app.register_blueprint(module.page)
