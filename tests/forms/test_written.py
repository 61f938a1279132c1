"""Expressions are shown as their authors wrote them."""

from __future__ import annotations

import pytest

from forms.written import written
from tests.conftest import converted

FORM = converted(
    """
| survey | | | | | | |
| | type | name | label | relevant | calculation | choice_filter |
| | integer | age | Tuổi? | | | |
| | select_one province | province | Tỉnh? | | | |
| | select_one commune | commune | Xã? | | | province = ${province} |
| | begin_repeat | person | Người | | | |
| | integer | old | Tuổi? | | | |
| | text | job | Nghề? | ${old} > 15 and ${age} > 3 | | |
| | select_one commune | home | Quê? | | | province = ${province} and name != ${job} |
| | end_repeat | | | | | |
| | begin_group | other | Khác | | | |
| | text | note | Ghi chú | | | |
| | end_group | | | | | |
| | begin_group | more | Thêm | | | |
| | text | note | Ghi chú | | | |
| | calculate | all | | | concat('${age} năm: ', ${age}, /data/other/note) | |
| | end_group | | | | | |
| choices | | | | |
| | list_name | name | label | province |
| | province | vp | Vĩnh Phúc | |
| | commune | hl | Hoàng Lâu | vp |
| settings | | |
| | form_id | title |
| | written | Viết |
""",
    "written",
).form


def shown(path: str, kind: str) -> str:
    """What is shown for an expression of a node."""
    source = FORM.field(path)
    assert source is not None
    text = source.itemset.nodeset if kind == "choices" and source.itemset else getattr(source, kind)
    return written(FORM, text, path)


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/data/commune", "choices", "province = ${province}"),
        ("/data/person/job", "relevant", "${old} > 15 and ${age} > 3"),
        ("/data/person/home", "choices", "province = ${province} and name != ${job}"),
    ],
)
def test_references_are_written_by_name(path: str, kind: str, text: str) -> None:
    assert shown(path, kind) == text


def test_what_has_no_name_of_its_own_stays_a_path() -> None:
    assert shown("/data/more/all", "calculate").endswith("/data/other/note)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'/data/age'", "'/data/age'"),
        ("/data/nowhere > 1", "/data/nowhere > 1"),
        (
            "instance('commune')/root/item[name= /data/commune ]/label",
            "instance('commune')/root/item[name=${commune}]/label",
        ),
        ("count(instance('commune')/root/item[../name = 1])", "count(instance('commune')/root/item[../name = 1])"),
        ("instance('commune')/root/item", "instance('commune')/root/item"),
        ("current()/../age + 1", "${age} + 1"),
        ("../../..", "../../.."),
    ],
)
def test_the_rest_stays_as_it_is(text: str, expected: str) -> None:
    assert written(FORM, text, "/data/province") == expected
