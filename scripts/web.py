"""What each process of the web server serves: the app, and beside it the work that keeps its data in order.

Imported by those processes alone, so that a new version is read by the next of them.
"""

from __future__ import annotations

from scripts import daily, updating
from scripts.backup import direct
from server.app import App, create_app


def make() -> App:
    """The app. Steps that its database still needs are run beside the requests, which are answered 503 meanwhile."""
    app = create_app()
    direct.attach(app)
    daily.start()
    updating.start(app)
    return app
