"""The documents a device reads: form list and manifest (OpenRosa; Collect's Kxml2OpenRosaResponseParser)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

# Lines and indents are those that clients know, some of which look at the text and not at the elements.
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
# The same goes for letters that need no escape between two tags.
_AS_KNOWN = {'"': "&quot;", "'": "&#39;", "/": "&#x2F;", "`": "&#x60;", "=": "&#x3D;"}
_AS_KNOWN_IN_ADDRESSES = {"'": "&#39;"}
# Most texts have none of them.
_SPECIAL, _SPECIAL_IN_ADDRESSES = re.compile("[&<>\"'/`=]"), re.compile("[&<>']")


@dataclass(frozen=True, slots=True)
class ListedForm:
    """A form in the list. `md5` is of the XML as served; addresses are absolute; without files there is no manifest."""

    form_id: str
    name: str
    version: str
    md5: str
    download_url: str
    manifest_url: str | None = None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of a form. `hash` is lower-case hexadecimal; `type` is entityList for an entity list."""

    name: str
    hash: str
    download_url: str
    type: str | None = None
    integrity_url: str | None = None


def _entry(name: str, told: dict[str, str], mark: str = "") -> list[str]:
    """An element and what is told in it, each on a line of its own. `mark`: its attributes."""
    lines = [f"      <{key}>{_escaped(key, text)}</{key}>" for key, text in told.items()]
    return [f"    <{name}{mark}>", *lines, f"    </{name}>"]


def _escaped(key: str, text: str) -> str:
    if key.endswith("Url"):
        return escape(text, _AS_KNOWN_IN_ADDRESSES) if _SPECIAL_IN_ADDRESSES.search(text) else text
    return escape(text, _AS_KNOWN) if _SPECIAL.search(text) else text


def form_list(forms: Iterable[ListedForm]) -> str:
    """The xforms document. An entry without name or address would lose Collect the whole list: the ID stands in."""
    lines = [HEAD, '  <xforms xmlns="http://openrosa.org/xforms/xformsList">']
    for form in forms:
        told = {"formID": form.form_id, "name": form.name.strip() or form.form_id}
        # A blank version is none to Collect; other clients want the element all the same.
        told |= {"version": form.version.strip(), "hash": f"md5:{form.md5}", "downloadUrl": form.download_url}
        lines += _entry("xform", told | ({"manifestUrl": form.manifest_url} if form.manifest_url else {}))
    return "\n".join([*lines, "  </xforms>"])


def manifest(files: Iterable[MediaFile]) -> str:
    """The manifest document of one form version."""
    lines = [HEAD, '  <manifest xmlns="http://openrosa.org/xforms/xformsManifest">']
    for file in files:
        told = {"filename": file.name, "hash": f"md5:{file.hash}", "downloadUrl": file.download_url}
        told |= {"integrityUrl": file.integrity_url} if file.integrity_url else {}
        lines += _entry("mediaFile", told, f' type="{file.type}"' if file.type else "")
    return "\n".join([*lines, "  </manifest>"])
