"""Submission XML → `Instance`: which form and version it says it answers, its ids, and its tree of answers."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from forms import xmltree
from schemas import problems

# Phones' IDs have 41 characters. Longer ones than this do not fit into the indexes that they are found by.
MAX_ID = 500


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """What a submission says of itself. `version` is '' where it names none.

    `encrypted_files` are the files that an encrypted envelope names, the answers (`submission.xml.enc`) last;
    `encrypted_key` and `signature` are its key and signature as sent.
    """

    form_id: str
    version: str
    instance_id: str | None
    deprecated_id: str | None
    instance_name: str | None
    root: Element
    encrypted: bool = False
    encrypted_files: tuple[str, ...] = ()
    encrypted_key: str = ""
    signature: str = ""


def read(xml: bytes) -> Instance:
    """Read a submission. What is not XML is UNPARSEABLE, one that names no form MISSING_PARAMETER, an endless ID
    UNEXPECTED_VALUE."""
    root = xmltree.parse(xml, limits=xmltree.SUBMISSION, what="xml")
    form_id = root.get("id", "").strip() or xmltree.namespace(root.tag)
    if not form_id:
        raise problems.MISSING_PARAMETER(field="form ID xml attribute")
    meta = _meta(root)
    encrypted = xmltree.attribute(root, "encrypted").strip() == "yes"
    return Instance(
        form_id=form_id,
        version=xmltree.attribute(root, "version").strip(),
        instance_id=_id("instanceID", xmltree.text(xmltree.child(meta, "instanceID")) or _instance_id_attribute(root)),
        deprecated_id=_id("deprecatedID", xmltree.text(xmltree.child(meta, "deprecatedID")) or None),
        instance_name=xmltree.text(xmltree.child(meta, "instanceName")) or None,
        root=root,
        encrypted=encrypted,
        encrypted_files=_encrypted_files(root) if encrypted else (),
        encrypted_key=xmltree.text(xmltree.child(root, "base64EncryptedKey")) if encrypted else "",
        signature=xmltree.text(xmltree.child(root, "base64EncryptedElementSignature")) if encrypted else "",
    )


def _meta(root: Element) -> Element | None:
    """The meta block: below the root, else the first anywhere that holds an instance id."""
    for element in xmltree.children(root, "meta"):
        if xmltree.child(element, "instanceID") is not None:
            return element
    for element in root.iter():
        if xmltree.local(element.tag) == "meta" and xmltree.child(element, "instanceID") is not None:
            return element
    return xmltree.child(root, "meta")


def _id(field: str, value: str | None) -> str | None:
    if value and len(value) > MAX_ID:
        raise problems.UNEXPECTED_VALUE(
            field=field, value=f"{value[:40]}…", reason=f"it has more than {MAX_ID} characters"
        )
    return value


def _instance_id_attribute(root: Element) -> str | None:
    return xmltree.attribute(root, "instanceID").strip() or xmltree.text(xmltree.child(root, "instanceID")) or None


def _encrypted_files(root: Element) -> tuple[str, ...]:
    media = (xmltree.text(xmltree.child(element, "file")) for element in xmltree.children(root, "media"))
    names = [*media, xmltree.text(xmltree.child(root, "encryptedXmlFile"))]
    return tuple(name for name in names if name)
