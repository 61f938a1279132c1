"""The fields of several versions of a form as one list."""

from __future__ import annotations

from forms.exports.merging import merged
from schemas.fields import Field


def fields(*paths: str, root: str = "data") -> list[Field]:
    """Fields with these paths; those with others below them are groups."""
    groups = {path for path in paths if any(other.startswith(f"{path}/") for other in paths)}
    return [
        Field(f"/{root}{path}", path.rpartition("/")[2], "structure" if path in groups else "string") for path in paths
    ]


def paths(*versions: list[Field]) -> list[str]:
    """Of the fields of all versions, the oldest first."""
    return [field.path.removeprefix("/data") for field in merged(versions)]


def test_what_was_removed_comes_back_at_the_end_of_its_group() -> None:
    old, new = fields("/a", "/g", "/g/x", "/g/y", "/b"), fields("/g", "/g/x", "/g/z", "/b", "/c")
    assert paths(old, new) == ["/g", "/g/x", "/g/z", "/g/y", "/b", "/c", "/a"]


def test_a_whole_group_comes_back() -> None:
    assert paths(fields("/g", "/g/x", "/g/h", "/g/h/y"), fields("/a")) == ["/a", "/g", "/g/x", "/g/h", "/g/h/y"]


def test_a_group_that_lost_all_its_questions() -> None:
    old, new = fields("/g", "/g/x", "/b"), [*fields("/g", "/b")]
    assert paths(old, new) == ["/g", "/g/x", "/b"]


def test_the_root_may_have_had_another_name() -> None:
    assert paths(fields("/a", "/b", root="old"), fields("/b", root="new")) == ["/b", "/a"]


def test_the_newest_says_what_a_question_is() -> None:
    (field,) = merged([[Field("/data/a", "a", "int")], [Field("/data/a", "a", "string")]])
    assert field.type == "string"
