"""What changed from one version of a form to another, for a person: in groups, with the labels of questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from forms import changes, labels
from forms.changes import Change, type_of
from forms.xform import Form
from server.actions import form_changes, forms
from server.i18n import gettext, language
from server.models import FormVersion
from server.web import checks

# Marked for translation by the name of this function.
N_ = str
HEADINGS = {
    changes.ADDED: N_("Added"),
    changes.REMOVED: N_("Removed: what was sent for it stays readable under the version it came with"),
    changes.RETYPED: N_("Answered in another way"),
    changes.RELABELLED: N_("Worded anew"),
    changes.CHOICES: N_("Other choices"),
    changes.LOGIC: N_("Other logic"),
}
# What the type of a field is called in a workbook.
TYPES = {
    "structure": "group",
    "int": "integer",
    "string": "text",
    "select1": "select_one",
    "select": "select_multiple",
    "binary": "file",
    "unknown": "text",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One change. `where` is the question's label, else its name; `parts` are what differs: of what, before, now."""

    where: str
    path: str
    type: str
    parts: list[tuple[str, str | None, str | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """All changes under their headings, in the order of these; languages that came and went beside them."""

    since: str
    groups: dict[str, list[Line]]
    languages_added: str
    languages_removed: str

    def __bool__(self) -> bool:
        return bool(self.groups or self.languages_added or self.languages_removed)

    @property
    def number(self) -> int:
        """How many changes."""
        return sum(map(len, self.groups.values()))


def told(before: FormVersion, version: FormVersion) -> Told:
    """What the page says of the way from one version to the other."""
    found = form_changes.since(before, version)
    form = forms.compiled(version)
    groups: dict[str, list[Line]] = {}
    for kind in changes.KINDS:
        lines = [_line(form, each) for each in found.fields if each.kind == kind]
        if lines:
            groups[gettext(HEADINGS[kind])] = lines
    return Told(before.version, groups, ", ".join(found.languages_added), ", ".join(found.languages_removed))


def _line(form: Form, change: Change) -> Line:
    spoken = labels.spoken(form.languages, language())
    label = labels.shown(change.field.labels, spoken) or change.field.name
    kind = type_of(change.field)
    return Line(label, change.path, TYPES.get(kind, kind), list(_parts(change)))


def _parts(change: Change) -> Iterator[tuple[str, str | None, str | None]]:
    old, new = change.old or {}, change.new or {}
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if change.kind == changes.RETYPED:
            yield "", TYPES.get(was or "", was), TYPES.get(now or "", now)
        elif change.kind == changes.LOGIC:
            heading = checks.KINDS.get(name, checks.KINDS["choices"])
            yield gettext(heading), was, now
        else:
            yield name, was, now
