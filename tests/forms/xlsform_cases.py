"""Workbooks for the tests: good ones, and broken ones as people really send them."""

from __future__ import annotations

import base64
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook

Cell = str | int | float | None

SURVEY: list[Sequence[Cell]] = [
    ("type", "name", "label"),
    ("select_one yn", "met", "Có gặp không?"),
    ("integer", "age", "Age"),
]
CHOICES: list[Sequence[Cell]] = [("list_name", "name", "label"), ("yn", "yes", "Có"), ("yn", "no", "Không")]


def book(**sheets: Sequence[Sequence[Cell]]) -> bytes:
    """An Excel workbook of the given sheets."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    target = BytesIO()
    workbook.save(target)
    return target.getvalue()


def survey(*rows: Sequence[Cell]) -> bytes:
    """A workbook with these questions, and the choice list `yn`."""
    return book(survey=[("type", "name", "label"), *rows], choices=CHOICES)


def archive(**entries: bytes) -> bytes:
    """A ZIP of the given entries; `__` in a name stands for a slash and `_` before the ending for a dot."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


def compound(*streams: str) -> bytes:
    """The beginning of an old Office file that has streams of these names."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"".join(name.encode("utf-16-le") for name in streams)


# An Excel 97 workbook: survey, choices (with numbers for names) and settings (form_id old_form, version 2016).
OLD_XLS = zlib.decompress(
    base64.b85decode(
        "c-rk)Pe>F|82{ev|IJ-@O#=-"
        "!5wbEb(WQ%SCgmX#>rzCp?Vr~=IL<D!qp%&yv^@qvU5YM(mo8S9ED9><&>=AD5CnnNu~TT!L7l$$&CKSOq}v}WnQxfy{ri6N-"
        "n`%Uy*F=OOh;$N?=;QAH_{0%STX|OT~^2N4%meVV7p<6teyJtHXQk{B;ZFPy&iZFdhQb(3chDSg4^yVr~%&LeG2l>n^Sr7I?4eWL"
        "z0OxbTBXao`fEG19cc0X=HVz)1)_(zD3p#N$;ncOQbu{c7~mV>3DD3KFgC&NG;SBM$KS~FmI@44>Z6t;mPMOGt<@sU7DO!{>_G%y"
        "9Oozx$EI7*OJN%)FX)#@X2Tfn75<#akEpuzV!^S{&Qu$Z-"
        "x3Rk{e(IjMGdwVhJ7cs@n|2!jLx1izTRqQCfw4knYdPX<jJd;+yxID{g`7x~ygk3-"
        "A;@L_`Gu;`L&lW1=Ppxd%W=rnnLUG*)<8Pl!-1sxE**u7`ki!yJw&3sbQ?rUTHAucKl)F1$)sb)MxK8Yi<Hbyt?-"
        "7NE!lJs}>B0aH{_b<bfphx_N%Y!Ki~P8&?<vaWESRgg278|GR;&Z&N2eb|Q#k77gEUm9eF?~+q831J!(dkn2fk%~1bL~&Y!I)f7;"
        "@==P`2+qO6&5tjSr266ssu`hu$lR^Ai^&B8E(ipI!_?v`>o!8{COt||-Aef;()Ac)n6~ycSeZj(WOI>PTd|+LB(LH-mgRS1zVzYf"
        "y;$jed>7^?duGqpPri<iLksSn8N`cg4BA;cyM9f`{kWYnYgKzoy79Xe&M!r*u^ZNwTnmd3q-"
        ">P5SrW6u$|cE~D}iP!pc$cEmOUf1yIc}zkA;?2Kud)7TJ|P0zH&*R1s|PK9o!YBxH5kghwYzdJMc?v3(Iqo&9=9K?M<t)ZKF+Qf)"
        "#An*lfe!U|ZUtY=<h?4p*>UyDHm}ir9{pxfkfsZ9n465l0+x#F33D%-"
        "S<u=DC5s^t^P~F#qc;;=SbjCfTrZ403qscn~{?hdv!NC|2b^TfoEYXR$S6?Ei&Aj$`i{9y(Jrj)AKE7r&|4^7mOYF!K9CsM`LQsu"
        "|}W?*9wV0A&;"
    )
)
