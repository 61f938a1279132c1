"""What changed from one version of a form to another, field by field: two field trees → changes. Pure.

Paths are those below the root, whose name may change. What the form keeps for itself (`meta`) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from forms import tree
from forms.written import written
from forms.xform import Form
from schemas.fields import Choice, Field

ADDED, REMOVED, RETYPED, RELABELLED, CHOICES, LOGIC = KINDS = (
    "added",
    "removed",
    "retyped",
    "relabelled",
    "choices",
    "logic",
)
_SELECTS = ("select1", "select", "rank")
_EXPRESSIONS = ("relevant", "required", "constraint", "calculate", "readonly", "count")
_META = "/meta"
Said = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field. `field` is the newer one, for what was removed the older.

    `old` and `new` say what differs: `type` for retyped, labels by language for relabelled, labels of choices by their
    names for choices, expressions by their kind (and the `filter` of choices) for logic; nothing for added and removed.
    """

    kind: str
    path: str
    field: Field
    old: Said | None = None
    new: Said | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """All of them, in the order of the newer form, what was removed last; languages that came and went beside them."""

    fields: tuple[Change, ...]
    languages_added: tuple[str, ...] = ()
    languages_removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.languages_added or self.languages_removed)


def between(old: Form | None, new: Form) -> Changes:
    """The changes from one version to the next; from nothing, everything was added."""
    before, now = _by_path(old) if old is not None else {}, _by_path(new)
    found = [change for path, field in now.items() for change in _of_field(path, before.get(path), field, old, new)]
    found += [Change(REMOVED, path, field) for path, field in before.items() if path not in now]
    spoken = old.languages if old is not None else new.languages
    return Changes(
        tuple(found),
        tuple(each for each in new.languages if each not in spoken),
        tuple(each for each in spoken if each not in new.languages),
    )


def type_of(field: Field) -> str:
    """How it is answered: the control of a select, which all have the type of a text, else the type."""
    return field.control if field.control in _SELECTS else tree.wire_type(field)


def _by_path(form: Form) -> dict[str, Field]:
    found = (replace(field, path=field.path.removeprefix(f"/{form.root}")) for field in form.fields)
    return {field.path: field for field in found if field.path != _META and not field.path.startswith(f"{_META}/")}


def _of_field(path: str, before: Field | None, now: Field, old: Form | None, new: Form) -> Iterator[Change]:
    if before is None or old is None:
        yield Change(ADDED, path, now)
        return
    if type_of(before) != type_of(now):
        yield Change(RETYPED, path, now, {"type": type_of(before)}, {"type": type_of(now)})
    shared = [language for language in new.languages if language in old.languages]
    for kind, said, says in (
        (RELABELLED, _texts(old, before.labels, shared), _texts(new, now.labels, shared)),
        (CHOICES, _choices(old, before.options, shared), _choices(new, now.options, shared)),
        (LOGIC, *_logic(old, before, new, now)),
    ):
        if said != says:
            yield Change(kind, path, now, *_different(said, says))


def _texts(form: Form, labels: Said, shared: Iterable[str]) -> Said:
    """A label in the languages that both versions have; where they share none, in the form's first."""
    if shared:
        return {language: labels[language] for language in shared if language in labels}
    text = labels.get(form.default_language) or next(iter(labels.values()), "")
    return {"": text} if text else {}


def _choices(form: Form, options: tuple[Choice, ...], shared: Iterable[str]) -> Said:
    """The labels of choices by their names, languages side by side."""
    told = {choice.name: _texts(form, choice.labels, shared) for choice in options}
    return {name: " / ".join(dict.fromkeys(texts.values())) for name, texts in told.items()}


def _logic(old: Form, before: Field, new: Form, now: Field) -> tuple[Said, Said]:
    """The expressions that differ as a workbook has them: a group that was renamed changes those of no other field."""
    was, are = _expressions(before), _expressions(now)
    differ = [kind for kind in {**was, **are} if was.get(kind) != are.get(kind) or old.root != new.root]
    said = {kind: written(old, was[kind], f"/{old.root}{before.path}") for kind in differ if was.get(kind)}
    says = {kind: written(new, are[kind], f"/{new.root}{now.path}") for kind in differ if are.get(kind)}
    return said, says


def _expressions(field: Field) -> dict[str, str]:
    said = {kind: str(getattr(field, kind)) for kind in _EXPRESSIONS}
    return said | ({"filter": field.itemset.nodeset} if field.itemset is not None else {})


def _different(before: Said, now: Said) -> tuple[Said, Said]:
    """What stands on one side alone, or on both and is not the same."""
    return (
        {name: text for name, text in before.items() if now.get(name) != text},
        {name: text for name, text in now.items() if before.get(name) != text},
    )
