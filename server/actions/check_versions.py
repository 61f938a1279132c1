"""What `check` asks of one definition and of one version of a submission: that it is what it was when it came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from forms import checks, xform
from forms import instance as instances
from schemas.problems import Problem
from sync.parts import short_name


def examine_form(row: Any) -> Iterator[str]:
    """What is wrong with a definition: its hashes, or that it cannot be read any more."""
    hashes = {
        "MD5": (hashlib.md5(row.xml, usedforsecurity=False).hexdigest(), row.md5),
        "SHA-1": (hashlib.sha1(row.xml, usedforsecurity=False).hexdigest(), row.sha1),
        "SHA-256": (hashlib.sha256(row.xml).hexdigest(), row.sha256),
    }
    for name, (found, stored) in hashes.items():
        if found != stored:
            yield f"its XML does not have the {name} that was stored"
    try:
        xform.parse(row.xml)
    except Problem:
        yield "its XML cannot be read"


def examine_submission(form: xform.Form | None, row: Any, files: set[str]) -> Iterator[str]:
    """What is wrong with a version: its XML against its hash, its IDs, its answers, and the files that it names.

    `form`: its definition, None where that cannot be read, which is told once and elsewhere.
    """
    if row.xml is None:  # erased
        return
    if hashlib.sha256(row.xml).hexdigest() != row.xml_sha256:
        yield "its XML is not what was received"
        return
    try:
        instance = instances.read(row.xml)
    except Problem:
        yield "its XML cannot be read"
        return
    # What came by REST without an ID has one from here.
    own = instance.instance_id or row.instance_id
    said = (own, instance.deprecated_id, instance.instance_name, instance.encrypted)
    if said != (row.instance_id, row.deprecated_id, row.instance_name, row.encrypted):
        yield "its row names other IDs than its XML"
    if instance.form_id != row.xml_form_id:
        yield "its XML names another form"
    if form is None:
        return
    checked = checks.find(form, instance)
    if checked.answers != row.answers:
        yield "its answers are not those of its XML"
    if not {short_name(name) for name in checked.files} <= files:
        yield "its XML names a file that has no row"
