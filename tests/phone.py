"""What a phone sends, byte for byte as ODK Collect does: the multipart body and the submission's XML."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

OPENROSA = {"X-OpenRosa-Version": "1.0"}
BOUNDARY = "c7ab1c5e-5ef2-4d0e-8f7e-0a2f0b6f5d11"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
File = tuple[str, bytes, str]


def new_id() -> str:
    """An instance ID as phones make them."""
    return f"uuid:{uuid.uuid4()}"


def submission(
    form_id: str,
    inside: str = "",
    *,
    version: str = "",
    instance_id: str = "",
    deprecated_id: str = "",
    root: str = "data",
) -> bytes:
    """The XML of a submission."""
    deprecated = f"<deprecatedID>{deprecated_id}</deprecatedID>" if deprecated_id else ""
    return (
        f"<?xml version='1.0' ?><{root} id={quoteattr(form_id)} version={quoteattr(version)}>{inside}"
        f"<meta>{deprecated}<instanceID>{instance_id or new_id()}</instanceID></meta></{root}>"
    ).encode()


def body(xml: bytes | None, files: Iterable[File] = (), *, incomplete: bool = False) -> bytes:
    """A multipart body with raw UTF-8 file names, as OkHttp writes them."""
    parts = []
    if xml is not None:
        parts.append(_part("xml_submission_file", "Phiếu_2026-11-23_08-00-00.xml", xml, "text/xml"))
    parts += [_part(name, name, data, kind) for name, data, kind in files]
    if incomplete:
        parts.append(_part("*isIncomplete*", None, b"yes", None))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(field: str, name: str | None, data: bytes, kind: str | None) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name={_quoted(field)}"
    head += f"; filename={_quoted(name)}" if name is not None else ""
    head += f"\r\nContent-Type: {kind}" if kind is not None else ""
    return head.encode() + b"\r\n\r\n" + data + b"\r\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22") + '"'


@dataclass(frozen=True)
class Published:
    """A form as the tests know it."""

    project_id: int
    id: int
    xml_form_id: str
    version: str
    xml: bytes
    root: str

    @property
    def url(self) -> str:
        """Its address in the API."""
        return f"/v1/projects/{self.project_id}/forms/{self.xml_form_id}"

    def submission(self, inside: str = "", *, version: str | None = None, **ids: str) -> bytes:
        """A submission to it."""
        named = self.version if version is None else version
        return submission(self.xml_form_id, inside, version=named, root=self.root, **ids)
