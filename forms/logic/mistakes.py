"""Mistakes of ours in the logic: no submission is refused for one, and whoever runs the server is told."""

from __future__ import annotations

import logging
from traceback import extract_tb

_log = logging.getLogger(__name__)


def tell(mistake: Exception, path: str) -> None:
    """Where in the code it happened, and at which question; never what was answered."""
    at = extract_tb(mistake.__traceback__)[-1]
    _log.error("%s at line %s of %s, for %s", type(mistake).__name__, at.lineno, at.filename, path)
