"""What is sent: the bundled home visit with a photo, forms of any length, and filled instances of them."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from forms import library, tree, workbooks
from forms.xform import Form
from schemas.fields import REPEAT, Field
from scripts.bench.phones import INSTANCE_ID, PHOTO

HOME_VISIT = "home_visit"
_VALUES = {
    "int": "3",
    "integer": "3",
    "decimal": "3.5",
    "date": "2026-01-15",
    "time": "10:30:00.000+07:00",
    "dateTime": "2026-01-15T10:30:00.000+07:00",
    "boolean": "true",
    "geopoint": "21.0285 105.8542 12 5",
    "binary": PHOTO,
}
# What follows from the other answers of the bundled form, or is only shown: None is not sent, as it is not relevant.
_VISIT: dict[str, str | None] = {
    "card": "",
    "not_private": None,
    "s_fu_start": "2026-01-15",
    "s_fu_end": "2026-07-16",
    "danger_note": "",
    "interval": "7",
    "suggest": "",
    "next_visit_date": "2026-01-20",
    "s_last_contact": "2026-01-15",
    "s_last_visit": "2026-01-15",
    "s_last_result": "met_client",
    "s_next_due": "2026-01-20",
    "s_next_day": "20473",
}
_FORM_ID = re.compile(r"^(\|[^|]*\|[^|]*\|) *home_visit *\|", re.MULTILINE)
_BEFORE = "| | begin_group | g_next |"


def home_visit(form_id: str = HOME_VISIT, *, photo: bool = False) -> bytes:
    """The bundled form as Markdown, under another ID, with a question for a photo if one is wanted."""
    text = library.source(HOME_VISIT).decode()
    if photo:
        text = text.replace(_BEFORE, f"| | image | photo | Ảnh | Photo |\n{_BEFORE}", 1)
    return _FORM_ID.sub(rf"\1 {form_id} |", text).encode()


def long_form(form_id: str, questions: int) -> bytes:
    """A form of many questions of many types, with logic, as Markdown."""
    kinds = ("text", "integer", "select_one yes_no", "date", "decimal", "select_multiple yes_no")
    head = "| survey | | | | | | |\n| | type | name | label | hint | relevant | constraint |\n"
    rows = ["| | integer | q0 | Question 0 | | | . < 120 |\n| | begin_group | g | Group | | ${q0} > 1 | |\n"]
    for number in range(1, questions):
        relevant = f"${{q{number - 1}}} != ''" if number % 3 == 0 else ""
        kind = kinds[number % len(kinds)]
        rows.append(f"| | {kind} | q{number} | Question {number} | Say what you see. | {relevant} | |\n")
    choices = "| choices | | | |\n| | list_name | name | label |\n| | yes_no | yes | Yes |\n| | yes_no | no | No |\n"
    settings = f"| settings | | |\n| | form_id | version |\n| | {form_id} | 1 |\n"
    return (head + "".join(rows) + "| | end_group | | | | | |\n" + choices + settings).encode()


def workbook(markdown: bytes) -> bytes:
    """As people upload it: .xlsx."""
    return workbooks.to_xlsx(markdown)


def filled(form: Form) -> str:
    """An instance with an answer to every question, and `INSTANCE_ID` where its instance ID belongs."""
    below: dict[str, list[Field]] = {}
    for field in form.fields:
        below.setdefault(tree.parent(field.path), []).append(field)

    def inside(path: str) -> str:
        return "".join(_element(field, inside) for field in below.get(path, ()) if field.name != "meta")

    attributes = f"id={quoteattr(form.form_id)} version={quoteattr(form.version)}"
    meta = f"<meta><instanceID>{INSTANCE_ID}</instanceID></meta>"
    return f'<?xml version="1.0"?><{form.root} {attributes}>{inside(f"/{form.root}")}{meta}</{form.root}>'


def _element(field: Field, inside: object) -> str:
    if field.is_container:
        body = inside(field.path)  # type: ignore[operator]
        return f"<{field.name}>{body}</{field.name}>" * (2 if field.type == REPEAT else 1)
    value = _VISIT.get(field.name, _value(field))
    return "" if value is None else f"<{field.name}>{escape(value)}</{field.name}>"


def _value(field: Field) -> str:
    if field.options:
        return field.options[0].name
    if field.control == "upload":
        return PHOTO
    return _VALUES.get(field.type, "VP-TD-HL-A1B2C" if field.control else "")
