"""Which choices get a column of their own."""

from __future__ import annotations

from forms.exports.splitting import MOST_UNKNOWN, Splits
from schemas.fields import Choice, Field


def eats(*names: str, decided: bool = True) -> list[Field]:
    """A form that asks what somebody eats, of these."""
    offered = tuple(Choice(name) for name in names)
    return [Field("/data/eats", "eats", control="select", choices=offered if decided else None, options=offered)]


def split(versions: list[list[Field]], *answers: str) -> dict[str, list[str]]:
    """The columns of these answers, when the first version is exported."""
    made = Splits(versions[0], versions)
    for answer in answers:
        made.add({"eats": answer})
    return made.columns()


def test_it_works() -> None:
    assert split([eats("a", "b", "c")], "b a", "b") == {"/eats": ["a", "b"]}
    assert split([eats("a")]) == {} and not Splits([], []) and Splits(eats("a"), [])


def test_what_only_an_old_version_offered_has_its_column() -> None:
    assert split([eats("a"), eats("old")], "a old") == {"/eats": ["a", "old"]}


def test_what_no_form_knows_has_columns_while_there_is_room() -> None:
    assert split([eats("a")], "x a") == {"/eats": ["a", "x"]}
    made_up = " ".join(f"made-up-{number}" for number in range(20_000))
    found = split([eats("a")], made_up, "a")["/eats"]
    assert len(found) == MOST_UNKNOWN + 1 and "a" in found


def test_choices_from_elsewhere_are_as_many_as_can_be_read() -> None:
    """Of a list beside the form, of one that depends on answers, and of a question that names none."""
    for versions in ([eats()], [eats("a", decided=False)], [eats("a"), eats("a", decided=False)]):
        assert split(versions, "x a") == {"/eats": ["a", "x"]}
        many = split(versions, *(f"n{number} m{number}" for number in range(MOST_UNKNOWN)))
        assert len(many["/eats"]) == MOST_UNKNOWN and "n0" in many["/eats"]
