"""OpenRosa's envelope: required headers and the message document."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE = "text/xml; charset=utf-8"
VERSION_HEADER = "X-OpenRosa-Version"
VERSION = "1.0"
LENGTH_HEADER = "X-OpenRosa-Accept-Content-Length"
# Collect replaces exactly this sentence by its own translated "Success" (ResponseMessageParser.java).
RECEIVED = "full submission upload was successful!"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def message(text: str, nature: str) -> str:
    """An OpenRosaResponse. `nature` begins with `submit_success` or `error`; Collect shows the text."""
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)  # what was sent may be quoted in it
    return (
        '<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="0">'
        f"<message nature={quoteattr(nature)}>{escape(text)}</message></OpenRosaResponse>"
    )
