"""Exports by REST: `submissions.csv`, `submissions.csv.zip` and whatever else is in FORMATS; of drafts, too."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from flask import Flask, Response, jsonify, request, stream_with_context

from forms.exports import FORMATS, Format, geojson, places
from forms.exports.job import Options, file_name
from schemas import problems
from server import identity, mime
from server.actions import exports, filters, forms, free_text, marks, rows
from server.actions.exports import Export, Wanted
from server.api import wire
from server.api.forms import FORM

api = wire.blueprint("exports")
_KEY = re.compile(r"[0-9]{1,9}", re.ASCII)


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def given(name: str) -> bool | None:
    """What a query argument says; None where it says neither."""
    return {"true": True, "false": False}.get(request.args.get(name, "").lower())


def export(ending: str, kind: str, draft: bool, project_id: int, xml_form_id: str) -> Response:
    """A form's submissions as a file of this kind. Passphrases of keys are in the query; of a POST, in the body."""
    actor, made = identity.actor(), FORMATS[ending]
    form = forms.get(actor, project_id, xml_form_id, *rows.READ)
    version = forms.draft_of(form) if draft else form.current
    if version is None:
        raise problems.NOT_FOUND()
    place = rows.Place(form.project_id, form.id)
    chosen = filters.read(actor, place, forms.compiled(version).fields, text=request.args.get("$filter"))
    wanted = replace(_wanted(draft, made), chosen=chosen)
    mark = ""
    # Findings come and go without a trace on their submissions.
    if made.standard and not wanted.extras:
        options = sorted(each for each in request.args.items(multi=True) if not _KEY.fullmatch(each[0]))
        asked = (ending, version.sha256, options, sorted(wanted.passphrases))
        mark = marks.of_data(actor, place, *asked, draft=draft, chosen=chosen)
        if request.if_none_match.contains_weak(mark):
            return _marked(Response(status=304), mark)
    found = Export(actor, form, version, wanted)
    if ending != "geojson":
        found.begin(ending, standard=made.standard)
    response = Response(stream_with_context(found.stream(made.write)), status=200, content_type=kind)
    name = file_name(f"{xml_form_id}.{ending.rpartition('.')[2] if wanted.media else ending}")
    response.headers["Content-Disposition"] = mime.disposition(name)
    return _marked(response, mark)


def _marked(response: Response, mark: str) -> Response:
    if mark:
        response.set_etag(mark, weak=True)
    response.headers["Cache-Control"] = wire.REVALIDATE
    return response


def _wanted(draft: bool, made: Format) -> Wanted:
    options = Options(
        group_paths=given("groupPaths") is not False,
        labels=request.args.get("labels"),
        excel=wire.flag("excel"),
        field_path=_field_path(),
    )
    return Wanted(
        draft=draft,
        media=made.media and given("attachments") is not False,
        map=made.map,
        limit=wire.number("limit") or None,
        split=wire.flag("splitSelectMultiples"),
        deleted_fields=wire.flag("deletedFields"),
        options=options,
        passphrases=_passphrases(),
        extras=tuple(name for name in exports.EXTRAS if wire.flag(name)),
    )


def _field_path() -> str | None:
    """The one place that is to be shown. Raises INVALID_QUERY where there are several."""
    paths = list(dict.fromkeys(request.args.getlist("fieldpath")))
    if len(paths) > 1:
        raise problems.INVALID_QUERY(paramSet=paths, violationText="at most one fieldpath may be given")
    return paths[0] if paths and paths[0] else None


def _passphrases() -> dict[int, str]:
    """By the number of the key: of a POST in the body only, so that they are in no log and no history."""
    if request.method != "POST":
        found = request.args.to_dict()
    else:
        found = wire.fields() if request.is_json else request.form.to_dict()
    return {int(name): str(value) for name, value in found.items() if _KEY.fullmatch(name)}


@api.get(f"{FORM}/submissions/<instance_id>.geojson")
def one(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The places of one submission."""
    return _map(project_id, xml_form_id, instance_id, None)


@api.get(f"{FORM}/submissions/<instance_id>/versions/<version_id>.geojson")
def one_version(project_id: int, xml_form_id: str, instance_id: str, version_id: str) -> Response:
    """The places of one version of a submission."""
    return _map(project_id, xml_form_id, instance_id, version_id)


def _map(project_id: int, xml_form_id: str, instance_id: str, version_id: str | None) -> Response:
    actor = identity.actor()
    form = forms.get(actor, project_id, xml_form_id, *rows.READ)
    submission, version = rows.read(actor, form, instance_id, version_id=version_id)
    rule = free_text.rule_for(actor, submission)
    answers = rule.left(version.answers) if rule else version.answers
    fields = forms.compiled(forms.version_by_id(version.form_version_id)).fields
    paths = [path for path in dict.fromkeys(request.args.getlist("fieldpath")) if path]
    many, default = places.in_repeats(fields), places.default(fields)
    return jsonify(geojson.of_one(version.instance_id, answers, paths, default, many))


def _view(ending: str, draft: bool) -> Callable[[int, str], Response]:
    kind = FORMATS[ending].content_type

    def view(project_id: int, xml_form_id: str) -> Response:
        return export(ending, kind, draft, project_id, xml_form_id)

    view.__doc__ = f"The submissions of {'a draft' if draft else 'a form'} as {ending}."
    return view


for _ending in FORMATS:
    for _place, _draft in (("submissions", False), ("draft/submissions", True)):
        _name = f"{_place}_{_ending}".replace(".", "_").replace("/", "_")
        api.add_url_rule(f"{FORM}/{_place}.{_ending}", _name, _view(_ending, _draft), methods=["GET", "POST"])
