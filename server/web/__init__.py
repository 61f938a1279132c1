"""The pages: server-rendered, few, in Vietnamese and English. Views parse, call one action and render."""

from __future__ import annotations

from flask import Flask

from server.web import (
    appearance,
    assets,
    audit,
    bulk,
    drafts,
    edit,
    exports,
    fill,
    forms,
    imports,
    levels,
    links,
    login,
    lost,
    pages,
    people,
    profile,
    programs,
    projects,
    review,
    show,
    trash,
    unit_moves,
    unit_people,
    unit_tables,
    units,
    users,
)

MODULES = (
    login,
    projects,
    forms,
    links,
    fill,
    drafts,
    review,
    edit,
    bulk,
    trash,
    exports,
    people,
    lost,
    imports,
    units,
    unit_people,
    unit_moves,
    unit_tables,
    levels,
    profile,
    programs,
    users,
    audit,
    appearance,
)


def register(app: Flask) -> None:
    """Attach the routes, the words and the headers of pages."""
    app.url_map.converters["name"] = pages.NameConverter
    assets.register(app)
    show.register(app)
    pages.register(app)
    appearance.register(app)
    for module in MODULES:
        app.register_blueprint(module.page)
