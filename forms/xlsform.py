"""Workbook bytes → XForm XML. Runs the converter process and ODK Validate; knows nothing of what the form says."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from forms import complaints, converter, validator, workbooks, xform
from schemas.problems import Problem

_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".md", ".csv")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A workbook that became a form. `validated` says whether ODK Validate ran; `validator_note` why it did not.
    `form` is the XML already read.
    """

    xml: bytes
    warnings: tuple[str, ...]
    itemsets: bytes | None
    validated: bool
    validator_note: str
    form: xform.Form = field(compare=False)


def convert(
    workbook: bytes, filename: str, *, fallback_form_id: str | None = None, validate: bool = True
) -> Conversion:
    """Compile a workbook. The form's ID, where the settings have none, is the fallback, else the file's stem."""
    suffix, data = workbooks.sniff(workbook)
    answer, xml = converter.run(suffix, fallback_form_id or stem(filename), data)
    if "failure" in answer:
        raise complaints.about_conversion(answer)
    warnings, questions, itemsets = answer["warnings"], answer["questions"], answer["itemsets"]
    form = _usable(xml, warnings)
    verdict = validator.validate(xml) if validate else validator.Verdict(False, note="Not checked with ODK Validate.")
    if verdict.errors:
        raise complaints.about_logic(verdict.errors, questions, warnings)
    return Conversion(
        xml=xml,
        warnings=tuple(warnings),
        itemsets=None if itemsets is None else itemsets.encode(),
        validated=verdict.ran,
        validator_note=verdict.note,
        form=form,
    )


def validate_xform(xml: bytes) -> tuple[bool, list[str]]:
    """Let ODK Validate look at an XForm that was not made here: whether it ran, and what is wrong."""
    verdict = validator.validate(xml)
    return verdict.ran, list(verdict.errors)


def stem(filename: str) -> str:
    """The name of a file without folders and without a workbook's ending."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    path = PurePosixPath(name)
    return (path.stem if path.suffix.lower() in _SUFFIXES else name) or "form"


def _usable(xml: bytes, warnings: list[str]) -> xform.Form:
    try:
        form = xform.parse(xml)
    except Problem as problem:
        raise complaints.complaint("unusable", warnings=warnings, text=problem.message) from problem
    if all(node.is_container or node.path.startswith(f"/{form.root}/meta/") for node in form.fields):
        raise complaints.complaint("no_questions", warnings=warnings)
    return form
