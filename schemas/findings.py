"""`Finding`: one thing that is wrong with what was sent. One shape, whoever finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of the form by a stored submission.

    `code` is stable (`type.integer`, `choice.unknown`); the part before the dot is the `class` on the wire.
    `path` has one-based positions at repeats (`/data/visits[2]/age`), '' for the submission as a whole.
    `label` is the question in the form's default language, `value` what was sent (at most 255 characters),
    `args` what the sentence of `MESSAGES[code]` needs beside label and value; `said` among them is the form's own
    sentence, by language. Those of `QUOTING` quote answers.
    """

    code: str
    path: str = ""
    label: str = ""
    value: str | None = None
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The class of the finding: one of `KINDS`."""
        return self.code.partition(".")[0]


KINDS = ("type", "choice", "required", "relevant", "constraint", "calculate", "repeat", "structure", "origin")
NOTHING_COMPUTED = "By the other answers nothing should stand here: the form calculates it."
QUOTING = ("computed", "expected")
MAX_VALUE = 255  # characters of a value that are kept

# English; the sentences are also the keys of the Vietnamese catalogue.
MESSAGES: dict[str, str] = {
    "type.integer": "Not a whole number.",
    "type.decimal": "Not a number.",
    "type.date": "Not a date (year-month-day).",
    "type.time": "Not a time of day.",
    "type.dateTime": "Not a date and time.",
    "type.geopoint": "Not a place: latitude, longitude, altitude and accuracy are expected, and within range.",
    "type.geotrace": "Not a line: at least two places are expected.",
    "type.geoshape": "Not an area: at least three places are expected, and the last equal to the first.",
    "type.boolean": "Neither true nor false.",
    "type.binary": "Not the name of a file.",
    "choice.unknown": "This choice is not in the form's list.",
    "choice.filtered": "By the other answers this choice is not offered here.",
    "choice.repeated": "A choice is given more than once.",
    "required.empty": "An answer is required.",
    "required.missing": "An answer is required, and the question was not sent at all.",
    "relevant.answered": "Answered, but by the other answers the form does not ask this.",
    "constraint.broken": "The form does not allow this answer.",
    "calculate.differs": "The form calculates something else here: %(computed)s.",
    "repeat.count": "The form expects %(expected)s of these by the other answers.",
    "structure.unknown": "The form has no such question.",
    "structure.repeated": "Sent more than once, but the form asks for it once.",
    "structure.children": "Has parts inside, but the form expects one answer.",
    "structure.text": "Has text of its own, but the form expects parts inside.",
    "origin.version": "The form has no published version “%(version)s”; checked against the current one.",
    "origin.orphan": "An edit of a submission that has not arrived.",
    "origin.stale": "An edit of a version that had been replaced already: compare the versions.",
    "origin.conflict": "A file came again under the same name with other contents; both are kept.",
    "origin.encrypted": "Encrypted: the answers could not be checked.",
}
