"""Workbooks as files: what the bytes are (whatever the name says), and a real workbook made from a Markdown form.

Knows nothing of what an XLSForm means. Nothing is unpacked here.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forms.complaints import complaint

LARGEST_FILE = 25_000_000
LARGEST_CONTENT = 100_000_000
LARGEST_RATIO = 100
RATIO_MATTERS_FROM = 10_000_000
MOST_ENTRIES = 5_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS = ("EncryptedPackage", "WordDocument", "Workbook", "Book")
_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x10\x00", b"\x09\x08\x08\x00")
_OTHER = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"{\\rtf", "word"),
)
_RULE = re.compile(r"^\s*\|(?:\s*:?-+:?\s*\|)+\s*$")
_PIPE = re.compile(r"(?<!\\)\|")


def sniff(data: bytes) -> tuple[str, bytes]:
    """The kind of a workbook (`.xlsx`, `.xls`, `.md`, `.csv`) by its content, and the bytes to read it from."""
    if not data.strip(b"\0 \t\r\n"):
        raise complaint("empty")
    if len(data) > LARGEST_FILE:
        raise complaint("too_large", limit=str(LARGEST_FILE // 1_000_000))
    for beginning, reason in _OTHER:
        if data.startswith(beginning):
            raise complaint(reason)
    if data.startswith(b"PK"):
        return _zipped(data), data
    if data.startswith(_OLE):
        return _compound(data), data
    if data.startswith(_BIFF):
        return ".xls", data
    return _written(data)


def _zipped(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise complaint("damaged") from error
    names = {entry.filename.lower() for entry in entries}
    _check_expansion(entries, len(data))
    if "xl/workbook.bin" in names:
        raise complaint("xlsb")
    if any(entry.flag_bits & 1 for entry in entries):
        raise complaint("encrypted")
    if "xl/workbook.xml" in names or any(name.endswith("workbook.xml") for name in names):
        return ".xlsx"
    if "word/document.xml" in names:
        raise complaint("word")
    if "content.xml" in names and "mimetype" in names:
        raise complaint("ods")
    raise complaint("archive")


def _check_expansion(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what would grow too much. What is declared here is also all that zipfile will ever read."""
    content = sum(entry.file_size for entry in entries)
    swollen = content > RATIO_MATTERS_FROM and content > size * LARGEST_RATIO
    if content > LARGEST_CONTENT or swollen or len(entries) > MOST_ENTRIES:
        raise complaint("bomb", content=str(content // 1_000_000))


def _compound(data: bytes) -> str:
    """What an old Office file is, by the names of its streams."""
    names = {name for name in _STREAMS if name.encode("utf-16-le") in data}
    if "EncryptedPackage" in names:
        raise complaint("encrypted")
    if "WordDocument" in names:
        raise complaint("word")
    if not names:
        raise complaint("unknown")
    return ".xls"


def _written(data: bytes) -> tuple[str, bytes]:
    text = _decoded(data)
    start = text.lstrip()[:2000].lower()
    if "<h:html" in start or "http://www.w3.org/2002/xforms" in start:
        raise complaint("xform")
    if "urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise complaint("xml_2003")
    if start.startswith(("<html", "<!doctype html", "<table")):
        raise complaint("web_page")
    lines = text.splitlines()
    if sum(line.lstrip().startswith("|") for line in lines) >= 2:
        return ".md", "\n".join(line for line in lines if not _RULE.match(line)).encode()
    if text.count(",") >= 4:
        return ".csv", text.encode()
    raise complaint("unknown")


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise complaint("unknown") from error
    if "\0" in text:
        raise complaint("unknown")
    return text


def tables(markdown: bytes) -> dict[str, list[list[str]]]:
    """The sheets of a Markdown form: name to rows of cells, the header first."""
    sheets: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in markdown.decode("utf-8-sig").splitlines():
        if not line.lstrip().startswith("|") or _RULE.match(line):
            continue
        first, *cells = [cell.strip().replace("\\|", "|") for cell in _PIPE.split(line.strip())[1:-1]]
        if first:
            rows = sheets.setdefault(first, [])
        if any(cells):
            rows.append(cells)
    return sheets


def to_xlsx(markdown: bytes) -> bytes:
    """A workbook of a Markdown form, for people to open, change and upload."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in tables(markdown).items():
        _fill(book.create_sheet(name), rows)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _fill(sheet: Worksheet, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            if not text:
                continue
            cell = sheet.cell(number, column, text)
            cell.data_type = "s"  # also where it begins with "="
            cell.number_format = "@"
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if number == 1:
                cell.font = Font(bold=True)
                cell.fill = PatternFill("solid", start_color="DDEBF7")
    for column, cells in enumerate(zip(*rows, strict=False), start=1):
        settings = sheet.column_dimensions[get_column_letter(column)]
        settings.width = min(max(2 + max(len(cell) for cell in cells), 10), 48)
        settings.number_format = "@"
    sheet.freeze_panes = "A2"
