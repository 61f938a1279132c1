"""What of a form the server checks, as its administrator is told: how many expressions, and which not and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from forms import labels
from forms.logic.program import Expression
from forms.written import written
from forms.xform import Form
from server.actions import forms, logic
from server.i18n import gettext, language
from server.models import FormVersion

# Marked for translation by the name of this function; in brackets, the column of the workbook.
N_ = str
KINDS = {
    "relevant": N_("When it is asked (relevant)"),
    "required": N_("Whether it must be answered (required)"),
    "constraint": N_("Which answers are allowed (constraint)"),
    "calculate": N_("What is calculated (calculation)"),
    "readonly": N_("Whether it can be changed (read_only)"),
    "count": N_("How often it repeats (repeat_count)"),
    "choices": N_("Which choices are offered (choice_filter)"),
    "setvalue": N_("What the phone puts in (default, trigger)"),
}
# So many unchecked ones are shown without being asked for.
FEW = 4


@dataclass(frozen=True, slots=True)
class Unchecked:
    """One expression that is not checked, for a person. `where` is the question's label, else its name."""

    where: str
    path: str
    kind: str
    text: str


@dataclass(slots=True)
class Told:
    """The expressions of a version: how many, how many are checked, and the others by the reason."""

    expressions: int
    checked: int = 0
    reasons: dict[str, list[Unchecked]] = field(default_factory=dict)

    @property
    def unchecked(self) -> int:
        """How many are not checked."""
        return self.expressions - self.checked

    @property
    def is_short(self) -> bool:
        """Whether the unchecked ones are few enough to be shown at once."""
        return self.unchecked <= FEW


def told(version: FormVersion) -> Told:
    """What the page about a version says."""
    form, found = forms.compiled(version), logic.report(version)
    made = Told(len(found), sum(not each.because for each in found))
    for each in found:
        if each.because:
            made.reasons.setdefault(gettext(each.because, **each.named), []).append(_unchecked(form, each))
    return made


def _unchecked(form: Form, expression: Expression) -> Unchecked:
    source = form.field(expression.path)
    label = labels.shown(source.labels, labels.spoken(form.languages, language())) if source else ""
    text = written(form, expression.text, expression.path)
    name = expression.path.rpartition("/")[2]
    return Unchecked(label or name, expression.path, gettext(KINDS[expression.kind]), text)
