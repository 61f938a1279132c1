"""Edits of sent forms (deprecatedID): in any order, from several phones, before or without their original."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.homes import KINDS
from tests.phone import Published, new_id

FORM = """
| survey   |       |       |       |
|          | type  | name  | label |
|          | text  | who   | Ai?   |
|          | image | photo | Ảnh?  |
|          | image | door  | Cửa?  |
| settings |       |       |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""


class Story:
    """A submission and its edits, by letters: `story("ba")` sends version b, which edits a."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
        self.client, self.cast, self.form, self.send = client, cast, form, send
        self.ids = {letter: new_id() for letter in "abcde"}

    def xml(self, step: str, inside: str = "") -> bytes:
        """Version `step[0]`, which edits `step[1]` if there is one."""
        edited = self.ids[step[1]] if len(step) > 1 else ""
        return self.form.submission(
            f"<who>{step[0]}</who>{inside}", instance_id=self.ids[step[0]], deprecated_id=edited
        )

    def __call__(self, *steps: str) -> None:
        for step in steps:
            expect.told(self.send(self.xml(step)), 201)

    def get(self, path: str = "") -> Any:
        """What Bob is told."""
        answer = self.client.get(f"{self.form.url}/submissions{path}", headers=self.cast.bob.bearer)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def letter(self, instance_id: str) -> str:
        """The letter of an instance ID."""
        return next(letter for letter, known in self.ids.items() if known == instance_id)

    def told(self) -> list[tuple[str, str, set[str], str | None]]:
        """Each submission: its first version, its current one, all of them, its review state."""
        shown = []
        for entry in self.get():
            versions = self.get(f"/{entry['instanceId']}/versions")
            current = [version["instanceId"] for version in versions if version["current"]]
            assert current == [entry["currentVersion"]["instanceId"]]
            letters = {self.letter(version["instanceId"]) for version in versions}
            shown.append((self.letter(entry["instanceId"]), self.letter(current[0]), letters, entry["reviewState"]))
        return sorted(shown)

    def findings(self, letter: str) -> list[str]:
        """Codes of the findings of the submission that this version belongs to."""
        return [finding["code"] for finding in self.get(f"/{self.ids[letter]}/findings")]


@pytest.fixture
def story(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Story:
    """Nothing sent yet."""
    return Story(client, cast, publish(FORM), send)


def test_it_works(story: Story) -> None:
    story("a", "ba")
    assert story.told() == [("a", "b", {"a", "b"}, "edited")]
    assert story.findings("a") == []
    xml = story.client.get(f"{story.form.url}/submissions/{story.ids['a']}.xml", headers=story.cast.bob.bearer)
    assert xml.data == story.xml("ba")


def test_an_edit_again_changes_nothing(story: Story) -> None:
    story("a", "ba", "ba", "a", "ba")
    assert story.told() == [("a", "b", {"a", "b"}, "edited")]


def test_the_edit_of_an_edit(story: Story) -> None:
    story("a", "ba", "cb")
    assert story.told() == [("a", "c", {"a", "b", "c"}, "edited")]


def test_two_phones_edit_the_same(story: Story) -> None:
    story("a", "ba", "ca")
    assert story.told() == [("a", "c", {"a", "b", "c"}, "edited")]
    assert story.findings("a") == ["origin.stale"]


def test_an_edit_before_its_original(story: Story) -> None:
    story("ba")
    assert story.told() == [("b", "b", {"b"}, None)]
    assert story.findings("b") == ["origin.orphan"]
    story("a")
    assert story.told() == [("a", "b", {"a", "b"}, "edited")]
    assert story.findings("a") == []
    story("a", "ba")
    assert story.told() == [("a", "b", {"a", "b"}, "edited")]


@pytest.mark.parametrize("order", list(permutations(["a", "ba", "cb", "dc"])), ids="-".join)
def test_a_chain_in_any_order(story: Story, order: tuple[str, ...]) -> None:
    story(*order)
    assert story.told() == [("a", "d", {"a", "b", "c", "d"}, "edited")]
    assert story.findings("a") == []


@pytest.mark.parametrize("order", list(permutations(["a", "ba", "ca"])), ids="-".join)
def test_two_edits_of_the_same_in_any_order(story: Story, order: tuple[str, ...]) -> None:
    story(*order)
    last = [step for step in order if step != "a"][-1][0]
    assert story.told() == [("a", last, {"a", "b", "c"}, "edited")]
    assert story.findings("a") == ["origin.stale"]
    (listed,) = story.get()
    assert listed["instanceId"] == story.ids["a"]


def test_an_edit_of_itself(story: Story) -> None:
    story("aa", "aa")
    assert story.told() == [("a", "a", {"a"}, None)]


def test_what_was_said_of_an_early_edit_stays(story: Story) -> None:
    story("ba")
    url = f"{story.form.url}/submissions/{story.ids['b']}"
    bob = story.cast.bob.bearer
    story.client.patch(url, json={"reviewState": "hasIssues"}, headers=bob)
    story.client.post(f"{url}/comments", json={"body": "Ai vậy?"}, headers=bob)
    story("a")
    assert story.told() == [("a", "b", {"a", "b"}, "hasIssues")]
    assert [comment["body"] for comment in story.get(f"/{story.ids['a']}/comments")] == ["Ai vậy?"]


def test_an_early_edit_that_was_deleted_stays_so(story: Story) -> None:
    story("ba")
    story.client.delete(f"{story.form.url}/submissions/{story.ids['b']}", headers=story.cast.bob.bearer)
    story("a")
    assert story.told() == [("a", "a", {"a"}, None)]


def test_an_edit_of_a_deleted_one_is_refused(story: Story) -> None:
    story("a")
    story.client.delete(f"{story.form.url}/submissions/{story.ids['a']}", headers=story.cast.bob.bearer)
    expect.told(story.send(story.xml("ba")), 409)
    assert story.get() == []


def test_files_are_carried_over_by_name_and_replaced(story: Story) -> None:
    photos = "<photo>a.jpg</photo><door>b.jpg</door>"
    expect.told(
        story.send(story.xml("a", photos), [("a.jpg", b"a1", "image/jpeg"), ("b.jpg", b"b1", "image/jpeg")]), 201
    )
    expect.told(story.send(story.xml("ba", photos), [("b.jpg", b"b2", "image/jpeg")]), 201)
    expect.told(story.send(story.xml("cb", "<door>b.jpg</door>")), 201)

    def data(version: str, name: str) -> bytes | int:
        url = f"{story.form.url}/submissions/{story.ids['a']}/versions/{story.ids[version]}/attachments/{name}"
        answer = story.client.get(url, headers=story.cast.bob.bearer)
        return answer.data if answer.status_code == 200 else answer.status_code

    assert (data("a", "a.jpg"), data("a", "b.jpg")) == (b"a1", b"b1")
    assert (data("b", "a.jpg"), data("b", "b.jpg")) == (b"a1", b"b2")
    assert (data("c", "a.jpg"), data("c", "b.jpg")) == (404, b"b2")


def test_history_tells_of_each_version(story: Story) -> None:
    story("a", "ba")
    actions = [entry["action"] for entry in story.get(f"/{story.ids['a']}/audits")]
    assert actions == ["submission.update.version", "submission.create"]


def test_an_early_edit_gets_the_files_it_did_not_bring(story: Story) -> None:
    photos = "<photo>a.jpg</photo><door>b.jpg</door>"
    expect.told(story.send(story.xml("cb", photos)), 201)
    expect.told(story.send(story.xml("ba", photos), [("b.jpg", b"b2", "image/jpeg")]), 201)
    expect.told(story.send(story.xml("a", photos), [("b.jpg", b"b1", "image/jpeg")]), 201)
    # One file of the original comes only now: those after it get it too.
    expect.told(story.send(story.xml("a", photos), [("a.jpg", b"a1", "image/jpeg")]), 201)
    for version, door in (("a", b"b1"), ("b", b"b2"), ("c", b"b2")):
        url = f"{story.form.url}/submissions/{story.ids['a']}/versions/{story.ids[version]}/attachments"
        for name, expected in (("a.jpg", b"a1"), ("b.jpg", door)):
            answer = story.client.get(f"{url}/{name}", headers=story.cast.bob.bearer)
            assert (answer.status_code, answer.data) == (200, expected), (version, name)


# Each sends its first file with more announced, then the second; the original (a), its edit (b), the edit of that (c).
ORDERS = sorted(set(permutations("aabbcc")))[::3]
# They come in the order in which they come, whatever keeps them: one half is tried in each kind of home.
HALVES = list(zip(ORDERS[::2], ORDERS[1::2], strict=True))


@pytest.mark.parametrize("orders", HALVES, ids=lambda each: "-".join(map("".join, each)))
def test_edits_in_two_parts_that_overtake_each_other(
    story: Story, home_kind: str, orders: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    """Whatever comes between the parts of an edit, its own files end under their own names."""
    order = orders[KINDS.index(home_kind)]
    edits, sent = {"a": "a", "b": "ba", "c": "cb"}, set()
    for letter in order:
        xml = story.xml(edits[letter], "<photo>a.jpg</photo><door>b.jpg</door>")
        first = letter not in sent
        sent.add(letter)
        name = "a.jpg" if first else "b.jpg"
        answer = story.send(xml, [(name, f"{letter} {name}".encode(), "image/jpeg")], incomplete=first)
        expect.told(answer, 201)
    assert story.told() == [("a", "c", {"a", "b", "c"}, "edited")]
    assert story.findings("a") == []
    for letter in "abc":
        url = f"{story.form.url}/submissions/{story.ids['a']}/versions/{story.ids[letter]}/attachments"
        listed = story.client.get(url, headers=story.cast.bob.bearer).get_json()
        assert [file["name"] for file in listed] == ["a.jpg", "b.jpg"]
        for name in ("a.jpg", "b.jpg"):
            answer = story.client.get(f"{url}/{name}", headers=story.cast.bob.bearer)
            assert answer.data == f"{letter} {name}".encode()
