"""What a form puts into its nodes before, or while, somebody answers: rows that are there already, and `setvalue`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from forms import tree, xmltree


def events(model: Element, body: Element | None, root: str) -> Mapping[str, tuple[str, ...]]:
    """What phones put into nodes and attributes when something happens (`setvalue`), by the paths of these.

    What is the same for several events stands there once. '' is what has no expression: a text, or a place
    (`setgeopoint`).
    """
    found: dict[str, dict[str, None]] = {}
    for element in (*model, *(body.iter() if body is not None else ())):
        if xmltree.local(element.tag) in ("setvalue", "setgeopoint"):
            ref = element.get("ref", "")
            path = tree.resolve(ref, root) or tree.attribute(ref, root)
            if path:
                found.setdefault(path, {})[element.get("value", "").strip()] = None
    return {path: tuple(texts) for path, texts in found.items()}


def rows(root: Element) -> Mapping[str, int]:
    """How many of one name a form begins with side by side, by their path, where it is more than one. Templates are
    none."""
    found: dict[str, int] = {}
    _count(root, f"/{xmltree.local(root.tag)}", found)
    return found


def _count(element: Element, path: str, found: dict[str, int]) -> None:
    here = [kid for kid in element if not any(xmltree.local(key) == "template" for key in kid.attrib)]
    for name, number in Counter(xmltree.local(kid.tag) for kid in here).items():
        if number > 1:
            where = f"{path}/{name}"
            found[where] = max(number, found.get(where, 0))
    for kid in element:
        if len(kid):
            _count(kid, f"{path}/{xmltree.local(kid.tag)}", found)
