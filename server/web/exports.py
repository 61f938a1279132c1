"""Download: the submissions that the list shows, as a file for spreadsheets, for programs or for maps."""

from __future__ import annotations

from flask import Response, request, stream_with_context

from forms.exports import FORMATS
from forms.exports.job import Options, file_name
from schemas import problems
from schemas.problems import Problem
from server import errors, mime
from server.actions import exports, forms, keys, projects, rows, units, volunteers
from server.actions.exports import Export, Wanted
from server.actions.narrowing import Filters
from server.models import Form
from server.web import lists, pages
from server.web.forms import find
from server.web.review import SUBMISSIONS

page = pages.blueprint("exports")
# Marked for translation by the name of this function.
N_ = str
# What is offered: the format, whether it is made for spreadsheets, what it is called and for whom it is.
OFFERED = {
    "xlsx": (
        "xlsx",
        False,
        N_("Excel"),
        N_("One sheet for each repeated part, one for columns and codes."),
    ),
    "excel": (
        "csv.zip",
        True,
        N_("CSV for Excel"),
        N_("Plain tables that Excel opens with Vietnamese intact."),
    ),
    "csv": ("csv.zip", False, N_("CSV"), N_("For programs: the same as from ODK Central.")),
    "parquet": ("parquet.zip", False, N_("Parquet"), N_("For analysts: typed columns, for R, Python and DuckDB.")),
    "geojson": ("geojson", False, N_("GeoJSON"), N_("Places, for QGIS and web maps.")),
    "kml": ("kml", False, N_("KML"), N_("Places with their answers, for Google Earth.")),
}
_SAID_HERE = (problems.UNDECRYPTABLE, problems.PASSPHRASES_LOCKED_OUT, problems.STORE_AWAY)


@page.get(f"{SUBMISSIONS}/all/download")
def ask(project_id: int, xml_form_id: str) -> Response:
    """Which format, codes or words, with files or not."""
    return _page(find(project_id, xml_form_id, *rows.READ), _filters())


@page.post(f"{SUBMISSIONS}/all/download")
def take(project_id: int, xml_form_id: str) -> Response:
    """The file, made while it is sent. What hinders it is said on the page, so that nothing has to be chosen anew."""
    form, filters = find(project_id, xml_form_id, *rows.READ), _filters()
    ending, excel, _, _ = OFFERED.get(request.form.get("format", ""), OFFERED["xlsx"])
    made = FORMATS[ending]
    zone = projects.get(pages.actor(), project_id, "project.read", "open_form.list").time_zone
    wanted = Wanted(
        media="files" in request.form and made.media,
        map=made.map,
        options=Options(labels=_language(), excel=excel),
        passphrases=_passphrases(),
        # The list's own filters are called so, too.
        extras=tuple(name for name in exports.EXTRAS if f"with_{name}" in request.form),
        chosen=exports.narrowed(pages.actor(), form, filters, zone),
    )
    if form.current is None:
        raise problems.NOT_FOUND()
    try:
        found = Export(pages.actor(), form, form.current, wanted)
    except Problem as problem:
        if problem.kind not in _SAID_HERE:
            raise
        form = find(project_id, xml_form_id, *rows.READ)
        return _page(form, filters, problem.status, wrong=errors.sentence(problem))
    found.begin(ending)
    response = Response(stream_with_context(found.stream(made.write)), content_type=made.content_type)
    response.headers["Content-Disposition"] = mime.disposition(file_name(f"{xml_form_id}.{ending}"))
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _page(form: Form, filters: Filters, status: int = 200, wrong: str = "") -> Response:
    if form.current is None:
        raise problems.NOT_FOUND()
    known = keys.in_use(pages.actor(), form, draft=False)
    return pages.show(
        "exports.html",
        status,
        form=form,
        offered=OFFERED,
        written=request.form,
        languages=forms.compiled(form.current).languages,
        keys=[key for key in known if key.managed],
        units=volunteers.unit_choices(pages.actor(), form.project_id),
        chosen=lists.chosen(filters),
        narrowed=filters != Filters(),
        wrong=wrong,
    )


def _filters() -> Filters:
    """As the list has them: in the address, or from this page; what is searched for from its cookie."""
    filters = lists.filters(request.form if request.method == "POST" else request.args, lists.remembered_search())
    if filters.unit_id:
        units.get(pages.actor(), filters.unit_id)
    return filters


def _language() -> str | None:
    """Whose labels stand in the cells; None for codes."""
    wanted = request.form.get("labels", "")
    return wanted.removeprefix("in:") if wanted.startswith("in:") else None


def _passphrases() -> dict[int, str]:
    told = {name.removeprefix("key-"): value for name, value in request.form.items() if name.startswith("key-")}
    return {number: value for name, value in told.items() if value and (number := lists.number(name)) is not None}
