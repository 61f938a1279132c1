"""The parts of an XLSX workbook as XML (ECMA-376, part 1): sheets row by row, and what holds them together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from typing import Any
from xml.sax.saxutils import escape, quoteattr

# Of a sheet: rows, and characters of a cell.
MOST_ROWS = 1_048_576
MOST_SIGNS = 32_767
MOST_NAME = 31
# Excel counts with 15 digits; longer numbers are texts, as the numbers of cards are.
_MOST_NUMBER = 10**15
_SPECIAL = re.compile(r"[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_EPOCH = date(1899, 12, 30).toordinal()
_FIRST_DAY = date(1900, 3, 1).toordinal()
_DAY_STYLE, _MOMENT_STYLE, _HEAD_STYLE = 1, 2, 3
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Day(float):
    """A day, as Excel counts them."""


class Moment(float):
    """A moment, as Excel counts days."""


def day(value: Any) -> Any:
    """A date as Excel has it; what is none, or too long ago for Excel, as it is."""
    try:
        number = date.fromisoformat(value).toordinal()
    except (TypeError, ValueError):
        return value
    return Day(number - _EPOCH) if number >= _FIRST_DAY else value


def moment(value: Any, zone: tzinfo) -> Any:
    """A moment as Excel has it, by the clocks of a zone; what is none, as it is."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        local = found.astimezone(zone) if found.tzinfo is not None else found
    except (TypeError, ValueError, OverflowError):
        return value
    number = local.toordinal()
    if number < _FIRST_DAY:
        return value
    seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1_000_000
    return Moment(round(number - _EPOCH + seconds / 86_400, 9))


def text(value: str) -> str:
    """A text within XML, which Excel takes for a text whatever it begins with."""
    if len(value) > MOST_SIGNS:
        value = value[: MOST_SIGNS - 1] + "…"
    return escape(_ESCAPE.sub("_x005F_", _ILLEGAL.sub("", value))) if _SPECIAL.search(value) else value


def rows(many: Iterable[Sequence[Any]]) -> str:
    """Rows of a sheet. None is an empty cell."""
    made: list[str] = []
    add = made.append
    for row in many:
        add("<row>")
        for value in row:
            kind = value.__class__
            if value is None:
                add("<c/>")
            elif kind is str:
                add('<c t="inlineStr"><is><t xml:space="preserve">')
                add(value if len(value) <= MOST_SIGNS and not _SPECIAL.search(value) else text(value))
                add("</t></is></c>")
            elif kind is Day:
                add(f'<c s="{_DAY_STYLE}"><v>{value:.0f}</v></c>')
            elif kind is Moment:
                add(f'<c s="{_MOMENT_STYLE}"><v>{float(value)!r}</v></c>')
            else:
                add(_other(value))
        add("</row>")
    return "".join(made)


def _other(value: Any) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, float) or abs(value) < _MOST_NUMBER:
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def sheet_begin(header: Sequence[str]) -> str:
    """The beginning of a sheet: its first row is bold and stays when one scrolls."""
    cells = "".join(
        f'<c s="{_HEAD_STYLE}" t="inlineStr"><is><t xml:space="preserve">{text(name)}</t></is></c>' for name in header
    )
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    format_ = '<sheetFormatPr defaultColWidth="16" defaultRowHeight="15"/>'
    return f'{_XML}<worksheet xmlns="{_MAIN}">{view}{format_}<sheetData><row>{cells}</row>'


SHEET_END = "</sheetData></worksheet>"


class Names:
    """Names of sheets: short enough, without what none may have, and no two alike."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, wanted: str) -> str:
        """One that is as near as possible."""
        plain = _NOT_IN_NAMES.sub("_", wanted).strip("' ") or "Sheet"
        name, number = plain[:MOST_NAME], 1
        while name.casefold() in self._taken or name.casefold() == "history":
            number += 1
            mark = f" ({number})"
            name = plain[: MOST_NAME - len(mark)] + mark
        self._taken.add(name.casefold())
        return name


def workbook(names: Sequence[str]) -> dict[str, str]:
    """The files beside the sheets, by name. The sheets are `xl/worksheets/sheet1.xml` …, in this order."""
    numbers = range(1, len(names) + 1)
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    sheets += f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_KIND}.worksheet+xml"/>'
        for number in numbers
    )
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    start = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    return {
        "xl/styles.xml": _styles(),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{_XML}{relations}{sheets}</Relationships>",
        "_rels/.rels": f"{_XML}{relations}{start}</Relationships>",
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{kinds}</Types>',
    }


def _styles() -> str:
    formats = '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode='
    formats += '"yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    font = '<font>{}<sz val="11"/><name val="Calibri"/></font>'
    fill = '<fill><patternFill patternType="{}"/></fill>'
    border = "<border><left/><right/><top/><bottom/><diagonal/></border>"
    plain = '<xf numFmtId="{}" fontId="{}" fillId="0" borderId="0" xfId="0"{}/>'
    shown = ' applyNumberFormat="1"'
    styles = plain.format(0, 0, "") + plain.format(164, 0, shown) + plain.format(165, 0, shown)
    styles += plain.format(0, 1, ' applyFont="1"')
    return (
        f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2">{formats}</numFmts>'
        f'<fonts count="2">{font.format("")}{font.format("<b/>")}</fonts>'
        f'<fills count="2">{fill.format("none")}{fill.format("gray125")}</fills>'
        f'<borders count="1">{border}</borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="4">{styles}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
