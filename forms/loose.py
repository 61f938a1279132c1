"""Binds that name their node by a relative address (`nodeset="age"`), as some forms written by hand have them.

ODK Collect finds the node; ODK Web Forms does not, and asks everything as a text that may be left out. What such a bind
says is only held against submissions that show that their app knew it.
"""

from __future__ import annotations

from collections.abc import Collection
from xml.etree.ElementTree import Element

from forms import xmltree
from forms.xform import Form
from schemas.fields import REPEAT, Field


def is_known(form: Form, root: Element) -> bool:
    """Whether the app that made a submission knew such binds: it left out what one of them makes irrelevant, or filled
    in what only one of them calculates or loads beforehand. `root` is that of the submission."""
    said = [source for source in map(form.field, form.loose) if source is not None]
    left_out = frozenset(each.path for each in said if each.relevant and each.type != REPEAT)
    made = frozenset(each.path for each in said if _is_made(each))
    below = {path.rpartition("/")[0] for path in left_out}
    return _shows(root, form.submission_ref or f"/{form.root}", left_out, made, below)


def _is_made(source: Field) -> bool:
    """Whether nobody but the app can have filled it in; every app fills in what is in `meta`."""
    asked = source.control or source.default or "/meta/" in source.path
    return bool(source.calculate or source.preload) and not asked


def _shows(
    element: Element, path: str, left_out: Collection[str], made: Collection[str], below: Collection[str]
) -> bool:
    names = set()
    for child in element:
        name = xmltree.local(child.tag)
        names.add(name)
        where = f"{path}/{name}"
        if where in made and (child.text or "").strip():
            return True
        if len(child) and _shows(child, where, left_out, made, below):
            return True
    if path not in below or not names:
        return False
    return any(each.rpartition("/")[0] == path and each.rpartition("/")[2] not in names for each in left_out)
