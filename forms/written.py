"""Expressions as people write them in a workbook: `${age} > 3`, where the XForm has ` /data/person/age  > 3`."""

from __future__ import annotations

import re
from collections import Counter

from forms import tree
from forms.xform import Form

_STEP = r"[^\W\d][\w.-]*"
_PART = re.compile(
    rf"""(?P<quoted>"[^"]*"|'[^']*')"""
    rf"""|(?P<before>\s?)(?<![\w)\].])(?P<path>(?:/{_STEP}){{2,}}|(?:current\(\)/)?\.\.(?:/\.\.)*(?:/{_STEP})+)(?P<after>\s?)"""
)
_FILTERED = re.compile(r"instance\('[^']*'\)/root/item\[(.*)]", re.DOTALL)


def written(form: Form, text: str, path: str) -> str:
    """The expression of the node at `path` with `${name}` for the nodes of the form that have their name alone.

    Of choices that are filtered only the filter is given. What is no such reference stays as it is.
    """
    filtered = _FILTERED.fullmatch(text.strip())
    inside = filtered is not None and "][" not in filtered[1]
    return _Reader(form, path, in_list=inside).read(filtered[1] if filtered and inside else text).strip()


class _Reader:
    def __init__(self, form: Form, path: str, *, in_list: bool) -> None:
        names = Counter(field.name for field in form.fields)
        self._names = {field.path: field.name for field in form.fields if names[field.name] == 1}
        self._path = path
        self._in_list = in_list

    def read(self, text: str) -> str:
        return _PART.sub(self._part, text)

    def _part(self, found: re.Match[str]) -> str:
        path = found["path"]
        if path is None or (path.startswith("..") and self._is_in_list(found)):
            return found[0]
        name = self._names.get(tree.resolve(path, self._path))
        if not name:
            return found[0]
        # The converter puts a space on both sides; one by itself is the author's.
        around = found.string[: found.start()][-1:] + found.string[found.end() :][:1]
        padded = bool(found["before"] and found["after"]) or around.isspace()
        before, after = ("", "") if padded else (found["before"], found["after"])
        return f"{before}${{{name}}}{after}"

    def _is_in_list(self, found: re.Match[str]) -> bool:
        """Whether `..` is of an item of a list: within brackets."""
        before = found.string[: found.start()]
        return self._in_list or before.count("[") > before.count("]")
