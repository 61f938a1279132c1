"""What a phone asks for and sends: form list, manifest, submission. For users, app users and drafts.

The form's XML and its files are the resources of `api.forms`, below the same addresses.
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, Request, Response, g, request

from schemas import problems
from schemas.problems import Problem
from schemas.submissions import SubmissionShape
from server import identity, uploads
from server.actions import drafts, files, forms, offers, projects, rows, submissions
from server.actions.offers import Offered
from server.api import wire
from server.api.forms import FORM
from server.api.submissions import sender, submission_dict
from server.direct import Direct
from server.i18n import LANGUAGES, language, use
from server.models import Form, FormVersion
from server.parts import settings
from server.permissions import ANONYMOUS, Actor, Grant
from sync import documents, openrosa
from sync.documents import ListedForm, MediaFile
from sync.parts import Upload, whole


def _expect(request: Request) -> None:
    """A phone that sends waits for who it is and for its form together."""
    if request.endpoint == "api_openrosa.submit":
        forms.expect_target((request.view_args or {})["project_id"])


api = wire.blueprint("openrosa", door="openrosa", expect=_expect)
test = wire.blueprint("openrosa_test", door="openrosa")
test_rest = wire.blueprint("test_submissions")
PROJECT = "/projects/<int:project_id>"
DRAFT = f"{FORM}/draft"
BY_NAME = ("bearer", "basic", "cookie")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")
    app.register_blueprint(test, url_prefix="/v1/test/<draft_key>")
    app.register_blueprint(test_rest, url_prefix="/v1/test/<draft_key>")


@api.after_request
@test.after_request
def add_headers(response: Response) -> Response:
    """Headers that OpenRosa asks of every answer."""
    response.headers[openrosa.VERSION_HEADER] = openrosa.VERSION
    response.headers.add(openrosa.LENGTH_HEADER, str(settings().accept_length))
    response.headers.add("Content-Language", language())
    return response


def _asker(project_id: int) -> Actor:
    """Who asks, spoken to in her language, else the project's. A stranger is asked to sign in."""
    use("vi")
    try:
        actor = identity.actor()
    except Problem:  # a refusal is said in the project's language too
        _speak(projects.language(project_id))
        raise
    _speak(g.get("spoken") or projects.language(project_id), actor.language)
    if actor is ANONYMOUS:
        raise problems.AUTHENTICATION_FAILED()
    return actor


def _speak(*languages: str | None) -> None:
    """The last of them that the server speaks."""
    for each in languages:
        if each in LANGUAGES:
            use(str(each))


def _here() -> str:
    """The address of the project as this client has it, key included."""
    key = identity.key()
    return f"{wire.base_url()}/v1{'' if key is None else '/key/' + quote(key, safe='$!')}/projects"


def _step(text: str) -> str:
    """A name as a step of an address, with the letters escaped that browsers' encodeURIComponent escapes."""
    return quote(text, safe="!*'()")


@api.get(f"{PROJECT}/formList")
def form_list(project_id: int) -> Response:
    """The forms one may fill. HEAD works as GET does."""
    offers.expect_offered(project_id)
    actor = _asker(project_id)
    found = offers.offered(actor, project_id, request.args.get("formID"))
    base = f"{_here()}/{project_id}/forms"
    listed = [_listed(each, f"{base}/{_step(each.xml_form_id)}") for each in found]
    return wire.document(documents.form_list(listed), openrosa.CONTENT_TYPE)


def _listed(form: Offered, address: str) -> ListedForm:
    manifest = f"{address}/manifest" if form.has_files else None
    return ListedForm(form.xml_form_id, form.title, form.version, form.md5, f"{address}.xml", manifest)


def _manifest(kept: list[tuple[str, str]], address: str) -> Response:
    media = [MediaFile(name, md5, f"{address}/attachments/{_step(name)}") for name, md5 in kept]
    return wire.document(documents.manifest(media), openrosa.CONTENT_TYPE)


@api.get(f"{FORM}/manifest")
def manifest(project_id: int, xml_form_id: str) -> Response:
    """The files of the published version."""
    offers.expect_media(project_id, xml_form_id)
    actor = _asker(project_id)
    kept = offers.media(actor, project_id, xml_form_id)
    if kept is None:
        kept = files.kept(forms.readable(actor, project_id, xml_form_id).version_id)
    return _manifest(kept, f"{_here()}/{project_id}/forms/{_step(xml_form_id)}")


@api.get(f"{FORM}/versions/<version>/manifest")
def version_manifest(project_id: int, xml_form_id: str, version: str) -> Response:
    """The files of one published version."""
    found = forms.version_named(forms.get(_asker(project_id), project_id, xml_form_id), version)
    address = f"{_here()}/{project_id}/forms/{_step(xml_form_id)}/versions/{_step(version)}"
    return _manifest(files.kept(found.id), address)


@api.get(f"{DRAFT}/manifest")
def draft_manifest(project_id: int, xml_form_id: str) -> Response:
    """The files of the draft, for whoever may see it."""
    draft = forms.draft_of(forms.get(_asker(project_id), project_id, xml_form_id, "form.update"))
    return _manifest(files.kept(draft.id), f"{_here()}/{project_id}/forms/{_step(xml_form_id)}/draft")


@api.get(f"{PROJECT}/submission")
def announce(project_id: int) -> Response:
    """HEAD before every submission: how long a body may be. Also says early that the key is worthless."""
    _asker(project_id)
    return Direct(status=204)


@api.post(f"{PROJECT}/submission")
def submit(project_id: int) -> Response:
    """A submission, whole or in parts. 201 leaves only after the commit."""
    actor = _asker(project_id)
    _receive(actor, project_id)
    return _received()


def _receive(actor: Actor, project_id: int, xml_form_id: str | None = None) -> None:
    """Who came by name and may not send is asked for another name. A phone with a key has none to give."""
    upload = uploads.submission(request)
    try:
        submissions.receive(actor, project_id, upload, sender(), xml_form_id=xml_form_id, draft=xml_form_id is not None)
    except Problem as problem:
        if problem.kind is problems.INSUFFICIENT_RIGHTS and actor.via in BY_NAME:
            raise problems.AUTHENTICATION_FAILED() from None
        raise


@api.get(f"{DRAFT}/submission")
def announce_draft(project_id: int, xml_form_id: str) -> Response:
    """As `announce`, for trying a draft with a user's own credentials."""
    return announce(project_id)


@api.post(f"{DRAFT}/submission")
def submit_draft(project_id: int, xml_form_id: str) -> Response:
    """A test submission with a user's own credentials."""
    actor = _asker(project_id)
    _receive(actor, project_id, xml_form_id)
    return _received()


def _received() -> Response:
    return Direct(openrosa.message(openrosa.RECEIVED, "submit_success"), 201, content_type=openrosa.CONTENT_TYPE)


# Drafts, by the key of their test address: no actor, and only this one form.


def _tester(form: Form) -> Actor:
    """Stands for whoever holds the draft's key: may send to this form, and is nobody by name."""
    return Actor(type="draft", grants=(Grant("pub-link", form.project_id, form.id),), via="draft")


def _tried(project_id: int, xml_form_id: str, draft_key: str) -> tuple[Form, FormVersion]:
    use(projects.language(project_id))
    form = drafts.by_key(project_id, xml_form_id, draft_key)
    return form, forms.draft_of(form)


def _found(project_id: int, xml_form_id: str, draft_key: str) -> tuple[Form, FormVersion]:
    """As `_tried`, for REST, which says of a draft that is gone what it says of all else. Raises NOT_FOUND."""
    try:
        return _tried(project_id, xml_form_id, draft_key)
    except Problem:
        raise problems.NOT_FOUND() from None


def _test_address(project_id: int, xml_form_id: str, draft_key: str) -> str:
    tail = f"projects/{project_id}/forms/{_step(xml_form_id)}/draft"
    return f"{wire.base_url()}/v1/test/{quote(draft_key, safe='$!')}/{tail}"


@test.get(f"{DRAFT}/formList")
def test_form_list(project_id: int, xml_form_id: str, draft_key: str) -> Response:
    """The draft alone."""
    form, draft = _tried(project_id, xml_form_id, draft_key)
    has_files = bool(files.of_version(draft.id))
    address = _test_address(project_id, xml_form_id, draft_key)
    offered = Offered(form.xml_form_id, draft.title, draft.version, draft.md5, has_files)
    return wire.document(documents.form_list([_listed(offered, address)]), openrosa.CONTENT_TYPE)


@test.get(f"{DRAFT}/manifest")
def test_manifest(project_id: int, xml_form_id: str, draft_key: str) -> Response:
    """The draft's files."""
    _, draft = _tried(project_id, xml_form_id, draft_key)
    return _manifest(files.kept(draft.id), _test_address(project_id, xml_form_id, draft_key))


@test_rest.get(f"{DRAFT}.xml")
@identity.open_to_all
def test_xml(project_id: int, xml_form_id: str, draft_key: str) -> Response:
    """The draft's XML."""
    return wire.document(_found(project_id, xml_form_id, draft_key)[1].xml, "application/xml; charset=utf-8")


@test_rest.get(f"{DRAFT}/attachments/<name>")
@identity.open_to_all
def test_file(project_id: int, xml_form_id: str, draft_key: str, name: str) -> Response:
    """One of the draft's files."""
    file, blob = files.one_of_version(_found(project_id, xml_form_id, draft_key)[1].id, name)
    if blob is None:
        raise problems.NOT_FOUND()
    return wire.download(blob.sha256, blob.size, file.name, file.content_type)


@test.get(f"{DRAFT}/submission")
def test_announce(project_id: int, xml_form_id: str, draft_key: str) -> Response:
    """As `announce`."""
    _tried(project_id, xml_form_id, draft_key)
    return Response(status=204)


@test.post(f"{DRAFT}/submission")
def test_submit(project_id: int, xml_form_id: str, draft_key: str) -> Response:
    """A test submission."""
    form, _ = _tried(project_id, xml_form_id, draft_key)
    actor, upload = _tester(form), uploads.submission(request)
    submissions.receive(actor, project_id, upload, sender(), xml_form_id=xml_form_id, draft=True)
    return _received()


@test_rest.post(f"{DRAFT}/submissions")
@identity.open_to_all
def test_create(project_id: int, xml_form_id: str, draft_key: str) -> Response:
    """A test submission, as the REST API takes it: the XML alone. Raises NOT_FOUND."""
    form, _ = _found(project_id, xml_form_id, draft_key)
    actor, upload = _tester(form), Upload(whole(uploads.body(request)))
    number = submissions.receive(actor, project_id, upload, sender(), xml_form_id=xml_form_id, draft=True, fresh=True)
    assert number is not None
    return wire.reply(SubmissionShape, submission_dict(rows.by_number(number)))
