"""What the audit tells, and that it tells it of the right thing."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""


def test_a_number_is_never_used_again(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> None:
    draft = publish(FORM, draft=True)
    expect.told(send(draft.submission(), to=f"{draft.url}/draft/submission", headers=cast.bob.basic), 201)
    client.post(f"{draft.url}/draft/publish", headers=cast.bob.bearer)
    expect.told(send(draft.submission(instance_id="uuid:1")), 201)
    history = client.get(f"{draft.url}/submissions/uuid:1/audits", headers=cast.bob.bearer).get_json()
    assert [(entry["action"], entry["actorId"]) for entry in history] == [("submission.create", cast.device.id)]
