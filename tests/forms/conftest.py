"""Forms written as the trade writes them (Markdown XLSForm tables), and submissions to hold against them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from textwrap import dedent

import pytest
from pyxform.xls2xform import convert

from forms import checks, instance, xform
from forms.checks import Checked
from forms.xform import Form


@cache
def _publish(markdown: str) -> Form:
    result = convert(BytesIO(dedent(markdown).encode()), file_type=".md", form_name="data")
    return xform.parse(result.xform.encode())


@pytest.fixture
def published() -> Callable[[str], Form]:
    """A Markdown XLSForm, as the Form that the server keeps."""
    return _publish


@pytest.fixture
def send() -> Callable[[Form, str], Checked]:
    """What is inside the root of a submission, held against the form."""

    def check(form: Form, inside: str) -> Checked:
        xml = f'<{form.root} id="{form.form_id}" version="{form.version}">{inside}</{form.root}>'
        return checks.find(form, instance.read(xml.encode()))

    return check
