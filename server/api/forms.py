"""Forms and their versions, as they are read: the same resources for the form, its draft and each old version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify

from forms.odata.names import fields_json
from schemas import problems
from schemas.forms import ExtendedFormShape, FormChanges, FormFileShape, FormShape
from server import identity, mime
from server.actions import access, drafts, files, form_counts, forms, trash, web_forms
from server.actions.form_counts import Summary
from server.api import wire
from server.models import Blob, Form, FormFile, FormVersion

api = wire.blueprint("forms")
FORMS = "/projects/<int:project_id>/forms"
FORM = f"{FORMS}/<xml_form_id>"
WORKBOOKS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "md": "text/markdown; charset=utf-8",
}
Found = tuple[Form, FormVersion]


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def form_dict(form: Form, version: FormVersion) -> dict[str, Any]:
    """A form with the version that is shown."""
    return {
        "project_id": form.project_id,
        "xml_form_id": form.xml_form_id,
        "state": form.state,
        "name": version.title or None,
        "version": version.version,
        "hash": version.md5,
        "sha": version.sha1,
        "sha256": version.sha256,
        "draft_token": drafts.key_of(version),
        "enketo_id": version.web_id if version.id != form.current_version_id else form.web_id,
        "enketo_once_id": form.web_once_id if version.id == form.current_version_id else None,
        "key_id": version.key_id,
        "webforms_enabled": form.web_forms,
        "created_at": form.created_at,
        "updated_at": form.updated_at,
        "published_at": version.published_at,
        "validated": version.validated,
        **deletion(form),
    }


def deletion(form: Form) -> dict[str, Any]:
    """What is told of a deleted form beside the rest."""
    return {"deleted_at": form.deleted_at, "id": form.id} if form.deleted_at is not None else {}


def _origin(verbs: frozenset[str], version: FormVersion) -> dict[str, Any]:
    """Where a version comes from, for those who may know: phones are not told names and notes of the staff."""
    return {
        "published_by": access.actor_row(version.published_by) if "form.read" in verbs else None,
        "excel_content_type": WORKBOOKS.get(_kinds(version)[0]),
        **_notes(verbs, version),
    }


def _notes(verbs: frozenset[str], version: FormVersion) -> dict[str, Any]:
    """Why it was published: a key that only those find who may publish."""
    return {"publish_notes": version.publish_notes} if "form.update" in verbs else {}


def _extend(entry: dict[str, Any], form: Form, version: FormVersion, summary: Summary) -> dict[str, Any]:
    """What is not for the one who asks is null; the keys stay, as clients read them without looking."""
    verbs = identity.actor().verbs_on(form.project_id, form.id)
    lists = "submission.list" in verbs
    states = {state or "received": summary.states.get(state, 0) for state in (None, "hasIssues", "edited")}
    return entry | {
        "submissions": summary.submissions if lists else None,
        "review_states": states if lists else dict.fromkeys(states),
        "last_submission": summary.last_submission if lists else None,
        "created_by": access.actor_row(form.created_by) if "form.read" in verbs else None,
        "excel_content_type": WORKBOOKS.get(_kinds(version)[0]),
        "public_links": summary.public_links,
        "entity_related": bool(version.datasets),
    }


def extended_forms(found: list[Found], *, draft: bool = False) -> list[dict[str, Any]]:
    """Forms with everything that is told of them. `draft`: the counts are of what was sent to try them."""
    counts = form_counts.summaries(identity.actor(), [form.id for form, _ in found], draft=draft)
    return [_extend(form_dict(form, version), form, version, counts[form.id]) for form, version in found]


def reply(found: list[Found], *, extended: bool = False) -> Response:
    """Forms in the form the client asked for."""
    if extended:
        return wire.reply(ExtendedFormShape, extended_forms(found))
    return wire.reply(FormShape, [form_dict(form, version) for form, version in found])


def reply_one(form: Form, version: FormVersion) -> Response:
    """One form with the version that is shown."""
    return wire.reply(FormShape, form_dict(form, version))


@api.get(FORMS)
def list_all(project_id: int) -> Response:
    """The forms of a project; with `deleted` those that can be restored."""
    found = forms.list_all(identity.actor(), project_id, deleted=wire.flag("deleted"))
    return reply([(form, forms.shown_version(form)) for form in found], extended=wire.extended())


@api.get("/form-links/<web_id>/form")
def by_web_id(web_id: str) -> Response:
    """The form or draft that a browser fills."""
    return reply_one(*web_forms.find(identity.actor(), web_id))


@api.patch(FORM)
def update(project_id: int, xml_form_id: str) -> Response:
    """Open or close a form, or say how browsers fill it."""
    actor = identity.actor()
    forms.get(actor, project_id, xml_form_id, "form.update")
    changes = FormChanges().dump(wire.body(FormChanges))  # again by the names of the wire
    form = forms.update(actor, project_id, xml_form_id, changes)
    return reply_one(form, forms.shown_version(form))


@api.delete(FORM)
def delete(project_id: int, xml_form_id: str) -> Response:
    """Take a form away."""
    forms.delete(identity.actor(), project_id, xml_form_id)
    return jsonify(wire.SUCCESS)


@api.post(f"{FORMS}/<number>/restore")
def restore(project_id: int, number: str) -> Response:
    """Bring a deleted form back, by its number."""
    trash.restore_form(identity.actor(), project_id, wire.integer(number))
    return jsonify(wire.SUCCESS)


@api.get(f"{FORM}/versions")
def versions(project_id: int, xml_form_id: str) -> Response:
    """The published versions, newest first."""
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id)
    verbs = actor.verbs_on(project_id, form.id)
    shown = []
    for version in forms.versions(form):
        shown.append(form_dict(form, version) | (_origin(verbs, version) if wire.extended() else {}))
    return wire.reply(ExtendedFormShape if wire.extended() else FormShape, shown)


# The same resources below three addresses: what differs is how the version is found.


def _shown(project_id: int, xml_form_id: str) -> Found:
    form = forms.get(identity.actor(), project_id, xml_form_id)
    return form, forms.shown_version(form)


def _draft(project_id: int, xml_form_id: str) -> Found:
    form = forms.get(identity.actor(), project_id, xml_form_id, "form.update")
    return form, forms.draft_of(form)


def _named(project_id: int, xml_form_id: str, version: str) -> Found:
    form = forms.get(identity.actor(), project_id, xml_form_id)
    return form, forms.version_named(form, version)


def file_dict(file: FormFile, blob: Blob | None) -> dict[str, Any]:
    """A form file as the API shows it: `hash` and `size` only where there is a blob."""
    entry: dict[str, Any] = {
        "name": file.name,
        "type": file.type,
        "hash": blob.md5 if blob else None,
        "exists": blob is not None or file.dataset_id is not None,
        "blob_exists": blob is not None,
        "dataset_exists": file.dataset_id is not None,
    }
    if file.updated_at is not None:
        entry["updated_at"] = file.updated_at
    if blob is not None:
        entry["size"] = blob.size
    return dict(FormFileShape().dump(entry))


def workbook(form: Form, version: FormVersion, kind: str) -> Response:
    """The workbook a version was made from. A Markdown one is also to be had as .xlsx."""
    if version.workbook_sha256 is None:
        raise problems.NOT_FOUND()
    if version.workbook_type == "md" and kind == "xlsx":
        response = Response(drafts.workbook_as_xlsx(version), content_type=WORKBOOKS["xlsx"])
        response.headers["Content-Disposition"] = mime.disposition(f"{form.xml_form_id}.xlsx")
        return response
    told, named = _kinds(version)
    if kind not in (told, named) or told not in WORKBOOKS:
        raise problems.NOT_FOUND()
    blob = files.blob(version.workbook_sha256)
    return wire.download(blob.sha256, blob.size, f"{form.xml_form_id}.{told}", WORKBOOKS[told], md5=blob.md5)


def _kinds(version: FormVersion) -> tuple[str, str]:
    """What a workbook is told to be, and as what it was sent: '' for none.

    An .xlsx that was sent as .xls stays one, as with ODK Central, and Excel opens it. An .xls that was sent as .xlsx it
    would not: that is to be had under both names, as the file it is.
    """
    actual, named = version.workbook_type or "", (version.workbook_name or "").rpartition(".")[2].lower()
    return named if (actual, named) == ("xlsx", "xls") else actual, named


def _resources(base: str, find: Callable[..., Found], name: str) -> None:
    def one(**place: Any) -> Response:
        form, version = find(**place)
        if not wire.extended():
            return reply_one(form, version)
        (told,) = extended_forms([(form, version)], draft=name == "draft")
        verbs = identity.actor().verbs_on(form.project_id, form.id)
        return wire.reply(ExtendedFormShape, told | _notes(verbs, version))

    def xml(**place: Any) -> Response:
        return wire.document(find(**place)[1].xml, "application/xml; charset=utf-8")

    def book(kind: str, **place: Any) -> Response:
        return workbook(*find(**place), kind)

    def fields(**place: Any) -> Response:
        compiled = forms.compiled(find(**place)[1])
        return jsonify(fields_json(compiled.fields, odata=wire.flag("odata")))

    def form_files(**place: Any) -> Response:
        return jsonify([file_dict(file, blob) for file, blob in files.of_version(find(**place)[1].id)])

    def form_file(name: str, **place: Any) -> Response:
        file, blob = files.one_of_version(find(**place)[1].id, name)
        if blob is None:
            raise problems.NOT_FOUND()
        return wire.download(blob.sha256, blob.size, file.name, file.content_type, md5=blob.md5)

    api.add_url_rule(base, f"{name}_one", one)
    api.add_url_rule(f"{base}.xml", f"{name}_xml", xml)
    for kind in WORKBOOKS:
        api.add_url_rule(f"{base}.{kind}", f"{name}_{kind}", book, defaults={"kind": kind})
    api.add_url_rule(f"{base}/fields", f"{name}_fields", fields)
    api.add_url_rule(f"{base}/attachments", f"{name}_files", form_files)
    api.add_url_rule(f"{base}/attachments/<name>", f"{name}_file", form_file)


ADDRESSES: tuple[tuple[str, Callable[..., Found], str], ...] = (
    (FORM, _shown, "form"),
    (f"{FORM}/draft", _draft, "draft"),
    (f"{FORM}/versions/<version>", _named, "version"),
)
for _address in ADDRESSES:
    _resources(*_address)
