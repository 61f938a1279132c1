"""What to tell a person whose workbook cannot become a form.

`MESSAGES` are our own sentences by stable code; they are also the keys of the Vietnamese catalogue. What pyxform and
ODK Validate say well is passed on, with the place taken out of the text. Pure: texts in, a Problem out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.problems import XLSFORM_NOT_VALID, Problem

_SAVE_AS = "Open it, choose “Save as”, then “Excel Workbook (.xlsx)”, and upload that."
MESSAGES = {
    "empty": "The file is empty.",
    "too_large": "The workbook is larger than {limit} MB. Remove pictures, and sheets that the form does not need.",
    "pdf": "This is a PDF document, whatever its name says. Upload the Excel workbook it was printed from.",
    "picture": "This is a picture, whatever its name says. Upload an Excel workbook (.xlsx or .xls).",
    "word": "This is a text document, whatever its name says. Upload an Excel workbook (.xlsx or .xls).",
    "archive": "This is an archive of files and not a workbook. Unpack it and upload the workbook inside.",
    "ods": f"This is an OpenDocument spreadsheet. {_SAVE_AS}",
    "xlsb": f"This is a binary Excel workbook (.xlsb). {_SAVE_AS}",
    "xml_2003": f"This is an XML spreadsheet of 2003. {_SAVE_AS}",
    "web_page": f"This is a web page saved under the name of a workbook. {_SAVE_AS}",
    "xform": "This is a finished XForm (XML) and not a workbook. Upload it with the name ending in .xml.",
    "encrypted": "The workbook is protected with a password. Open it, remove the password, save it, and upload it.",
    "damaged": "The workbook is damaged or was cut off. Open it in Excel, save it again, and upload the new file.",
    "bomb": "Unpacked, the workbook would be far too large ({content} MB). Copy the form's sheets into a new workbook.",
    "unknown": "This is not a workbook that can be read. Upload an Excel workbook (.xlsx or .xls).",
    "slow": "Converting the workbook took too long, and was stopped. Remove what the form does not need, or split it.",
    "memory": "Converting the workbook took too much memory, and was stopped. Remove sheets the form does not need.",
    "died": "The converter broke down on this workbook. Copy its sheets as text into a new workbook, and try that.",
    "no_survey": "The workbook has no sheet named “survey”. The questions must be on a sheet with that name.",
    "no_questions": "The form asks for nothing: the “survey” sheet has no questions.",
    "unknown_type": "The question type “{type}” is not known. Check the spelling.",
    "missing_list": "The choice list “{list}” is not on the “{sheet}” sheet.",
    "per_language": "The column “{column}” cannot be given per language. Rename it to “{base}”.",
    "half_column": "The column “{column}” needs a second part, for example “{column}::{example}”. Rename or remove it.",
    "reserved_column": "A column may not be named “{column}”: the word has another meaning. Rename or remove it.",
    "odd_column": "The column name “{column}” cannot be understood; perhaps two ran together. Rename or remove it.",
    "unexplained": "Something in the workbook could not be understood ({kind}). Look for columns with unusual names, "
    "merged cells and cells with errors, or copy the sheets as text into a new workbook.",
    "unusable": "The workbook was converted, but the result is not a usable form: {text}",
    "repeated_name": "Two questions in the same group have this name. Give each its own.",
    "repeated_repeat": "Two repeats have this name. Give each its own, wherever it stands.",
    "reserved_meta": "The name “meta” is taken for the form's own data. Choose another.",
    "nameless_choice": "A choice has no name. Fill in the “name” column.",
    "repeated_choice": "A choice list has the same name twice. Give each choice of a list a name of its own.",
    "odd_name": "A name must begin with a letter or “_”, and have only letters, digits, “_”, “-” and “.”.",
    "logic": "The form's logic does not work. {text}",
    "said": "{text}",
}
# What people meet most, in our words, so that it can be said in Vietnamese. By phrase: pyxform often gives no code.
_OURS = (
    ("repeats must be unique within their nearest parent", "repeated_name"),
    ("Repeat names must unique anywhere", "repeated_repeat"),
    ("is reserved for form metadata", "reserved_meta"),
    ("Choices must have a name.", "nameless_choice"),
    ("Choice names must be unique for each choice list.", "repeated_choice"),
    ("Names must begin with a letter or underscore.", "odd_name"),
)
_NEEDS_SECOND_PART = {
    "bind": "required",
    "media": "image",
    "control": "appearance",
    "instance": "name",
    "body": "accuracyThreshold",
}
_RESERVED = ("children", "survey", "itemset")
_SINGLE = ("type", "name", "list_name", "list name", "form_id", "version", "default", "calculation", "parameters")
_COLUMNS = (
    ("display condition", "relevant"),
    ("relevan", "relevant"),
    ("calculate", "calculation"),
    ("constraint", "constraint"),
    ("readonly", "read_only"),
    ("required", "required"),
)
_ROW = re.compile(r"\s*\[row : (\d+)]\s*")
_ON_SHEET = re.compile(r"On the '([^']+)' sheet, ")
_VALUE = re.compile(r"the '([^']+)' value( '[^']*')? is (invalid|problematic)\. ?")
_UNKNOWN_TYPE = re.compile(r"Unknown question type '([^']*)'")
_DUPLICATE_HEADER = re.compile(r"Duplicate column header: (.+)")
_SHEET_OF_HEADERS = re.compile(r"Invalid headers provided for sheet: '([^']+)'\. ?")
_CLASH = re.compile(r"multiple values for (?:keyword )?argument '(\w+)'")
_NAMED = re.compile(r"element named '([^']+)'")
_MISSING_LIST = re.compile(r"List name not in (external )?\w+ sheet: (\S+)")
_PATH = re.compile(r"(?<![\w)])/[\w.\-]+(?:\[\d+])?(?:/[\w.\-]+(?:\[\d+])?)+")
_JAVA = re.compile(r"^\s*(?:at [\w.$/]+\(|\.\.\. \d+ more|Caused by:)")
_CLASS = re.compile(r"\b(?:[a-z][\w]*\.){2,}\w+(?:@[0-9a-f]+)?(?:: )?")
_NOISE = (">> ", "Result:", "The following files failed", "[Fatal Error]", "Picked up ", "OpenJDK ", "Java HotSpot")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the workbook. `column` is the header, which is what people see in every language of Excel."""

    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [f"sheet “{self.sheet}”" if self.sheet else "", f"row {self.row}" if self.row else ""]
        parts.append(f"column “{self.column}”" if self.column else "")
        text = ", ".join(part for part in parts if part)
        return f"{text[0].upper()}{text[1:]}: " if text else ""


def complaint(reason: str, place: Place | None = None, warnings: Iterable[str] = (), **args: str) -> Problem:
    """The Problem for a reason of `MESSAGES`. `reason` and `args` let a page say it in another language."""
    place = place or Place()
    known = {"sheet": place.sheet, "row": place.row, "column": place.column}
    sentence = f"{place}{MESSAGES[reason].format(**args)}"
    return XLSFORM_NOT_VALID(
        error=sentence,
        warnings=list(warnings),
        reason=reason,
        args=args,
        **{key: value for key, value in known.items() if value is not None},
    )


def about_conversion(answer: Mapping[str, Any]) -> Problem:
    """The Problem for a failed answer of the converter."""
    failure, warnings = answer["failure"], answer["warnings"]
    questions, headers = answer.get("questions", []), answer.get("headers", {})
    kind, text = failure["kind"], failure["text"]
    if kind == "pyxform":
        return _about_pyxform(text, questions, warnings)
    if kind in ("slow", "memory", "died"):
        return complaint(kind, warnings=warnings)
    if kind in ("XLRDError", "CompDocError") and "encrypted" in text.lower():
        return complaint("encrypted", warnings=warnings)
    if not headers:
        return complaint("damaged", warnings=warnings)
    return _about_surprise(answer)


def _about_pyxform(text: str, questions: Sequence[Sequence[Any]], warnings: Sequence[str]) -> Problem:
    if unknown := _UNKNOWN_TYPE.search(text):
        row = next((row for row, kind, _ in questions if kind.strip() == unknown[1]), None)
        return complaint("unknown_type", Place("survey", row, "type"), warnings, type=unknown[1])
    if missing := _MISSING_LIST.search(text):
        sheet = "external_choices" if missing[1] else "choices"
        return complaint("missing_list", Place("survey", _row(text), "type"), warnings, list=missing[2], sheet=sheet)
    if "was not recognized as a supported type" in text or text.startswith("Error reading"):
        return complaint("damaged", warnings=warnings)
    if "must have a sheet named 'survey'" in text or "must have a sheet named: survey" in text:
        return complaint("no_survey", warnings=warnings)
    if ours := next((reason for phrase, reason in _OURS if phrase in text), None):
        return complaint(ours, _place(text, questions), warnings)
    return complaint("said", _place(text, questions), warnings, text=_sentence(text))


def _place(text: str, questions: Sequence[Sequence[Any]]) -> Place:
    """Where pyxform says that something is wrong, or where the question is that it names."""
    row = _row(text)
    if header := _DUPLICATE_HEADER.search(text):
        return Place(None, 1, header[1])
    if headers := _SHEET_OF_HEADERS.search(text):
        return Place(headers[1], 1)
    if row is None and (named := _NAMED.search(text)):
        row = next((number for number, _, name in questions if name == named[1]), None)
    sheet, value = _ON_SHEET.search(text), _VALUE.search(text)
    return Place(sheet[1] if sheet else ("survey" if row else None), row, value[1] if value else None)


def _sentence(text: str) -> str:
    """What pyxform says, without the place, without the row as Python sees it, and once where it says it often."""
    said = _ROW.sub("\n", _ON_SHEET.sub("", _SHEET_OF_HEADERS.sub("", text)))
    said = _VALUE.sub(lambda found: f"{found[2].strip()} is {found[3]}. " if found[2] else "", said)
    lines = (line.strip() for line in said.splitlines())
    return (
        " ".join(dict.fromkeys(line for line in lines if line and not line.startswith("{")))
        or "The value is not valid."
    )


def _row(text: str) -> int | None:
    found = _ROW.search(text)
    return int(found[1]) if found else None


def _about_surprise(answer: Mapping[str, Any]) -> Problem:
    """pyxform stumbled without a word: look for what is known to make it stumble."""
    failure, warnings = answer["failure"], answer["warnings"]
    kind, text = failure["kind"], failure["text"]
    clash = _CLASH.search(text)
    for sheet, names in answer["headers"].items():
        for name in names:
            base, _, rest = name.lower().partition("::")
            place = Place(sheet, 1, name)
            if rest and base.strip() in _SINGLE:
                return complaint("per_language", place, warnings, column=name, base=base.strip())
            if not rest and name.lower() in _NEEDS_SECOND_PART and sheet in ("survey", "choices"):
                return complaint("half_column", place, warnings, column=name, example=_NEEDS_SECOND_PART[name.lower()])
            if name.lower() in _RESERVED or (clash and rest == clash[1]):
                return complaint("reserved_column", place, warnings, column=name)
            if rest.count("::") and base not in _NEEDS_SECOND_PART:
                return complaint("odd_column", place, warnings, column=name)
    wanted = text.strip("'\"")
    for row, question, _ in answer["questions"]:
        if kind == "KeyError" and wanted and question.split()[-1:] == [wanted]:
            return complaint("missing_list", Place("survey", row, "type"), warnings, list=wanted, sheet="choices")
    return complaint("unexplained", warnings=warnings, kind=kind)


def readable(said: str) -> list[str]:
    """What ODK Validate says, without Java: `${name}` for paths, no stack traces, no repetitions."""
    lines: list[str] = []
    for raw in map(str.strip, said.splitlines()):
        if not raw or _JAVA.match(raw) or raw.startswith(_NOISE) or raw.endswith(".xml"):
            continue
        line = _CLASS.sub("", raw.split(", Bad node:")[0]).strip()
        line = _PATH.sub(lambda found: "${" + found[0].rsplit("/", 1)[1].split("[")[0] + "}", line)
        if line and line not in lines:
            lines.append(line)
    return lines


def about_logic(errors: Sequence[str], questions: Sequence[Sequence[Any]], warnings: Sequence[str]) -> Problem:
    """The Problem for a form that pyxform made and ODK Validate does not accept."""
    text = " ".join(errors)
    rows = {name: row for row, _, name in questions if name}
    named = [name for name in re.findall(r"\$\{([^}]+)}", text) if name in rows]
    column = next((column for word, column in _COLUMNS if word in text.lower()), None)
    place = Place("survey", rows[named[0]], column) if named else None
    return complaint("logic", place, warnings, text=text)
