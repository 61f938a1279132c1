"""The documents a device reads: form list and manifest (OpenRosa; Collect's Kxml2OpenRosaResponseParser)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


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


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def form_list(forms: Iterable[ListedForm]) -> str:
    """The xforms document. An entry without name or address would lose Collect the whole list: the ID stands in."""
    lines = [HEAD, '<xforms xmlns="http://openrosa.org/xforms/xformsList">']
    for form in forms:
        lines.append(
            "\n<xform>" + _element("formID", form.form_id) + _element("name", form.name.strip() or form.form_id)
        )
        # A blank version is none, and an empty element is left out: that is how Collect reads both.
        if form.version.strip():
            lines.append(_element("version", form.version))
        lines.append(_element("hash", f"md5:{form.md5}") + _element("downloadUrl", form.download_url))
        if form.manifest_url:
            lines.append(_element("manifestUrl", form.manifest_url))
        lines.append("</xform>")
    lines.append("\n</xforms>")
    return "".join(lines)


def manifest(files: Iterable[MediaFile]) -> str:
    """The manifest document of one form version."""
    lines = [HEAD, '<manifest xmlns="http://openrosa.org/xforms/xformsManifest">']
    for file in files:
        kind = f' type="{file.type}"' if file.type else ""
        lines.append(f"\n<mediaFile{kind}>" + _element("filename", file.name) + _element("hash", f"md5:{file.hash}"))
        lines.append(_element("downloadUrl", file.download_url))
        if file.integrity_url:
            lines.append(_element("integrityUrl", file.integrity_url))
        lines.append("</mediaFile>")
    lines.append("\n</manifest>")
    return "".join(lines)
