"""The words of the description: what no shape, name or docstring tells."""

from __future__ import annotations

ABOUT = """\
The REST API speaks the dialect of ODK Central, so pyodk, ruODK, Excel and Power BI work with it; what is ours stands
beside it. Sign in with `POST /v1/sessions` and send the token as `Authorization: Bearer …`, or give a script an app
password. Phones and public links put their key into the address: below `/v1/key/<key>/` is everything that is below
`/v1/`. Every refusal is a `Problem`."""

DONE = "Done."
REFUSED = "Refused, or something is missing: `message` says what to do, `code` says what it was."
ELSEWHERE = "It is at the address in `Location`."
EXTENDED = "More is told of each thing."

# Steps of an address, by the name they have in the routes.
PATHS = {
    "project_id": "The number of a project.",
    "xml_form_id": "The ID of a form, as its XLSForm has it.",
    "instance_id": "The ID of a submission, as its form made it: `uuid:…`.",
    "version_id": "The instance ID of one version of a submission.",
    "version": "The version of a form; `___` is the one without a name.",
    "actor_id": "The number of a user, a phone or a public link.",
    "name": "A name, escaped as addresses are.",
    "number": "The number that a list answers.",
    "table": "`Submissions`, or `Submissions.` and the path of a repeat.",
    "draft_key": "The token with which a draft is tested.",
    "role_name": "The number of a role, or its name.",
    "unit_id": "The number of a unit.",
    "token": "The token of a session.",
    "code": "The code of a level.",
    "web_id": "The ID in the address of a form that is filled in the browser.",
}

QUERIES = {
    "limit": "At most so many.",
    "offset": "Leave out so many at the beginning.",
    "q": "Words to look for.",
    "deleted": "Those that were taken away and can be restored.",
    "invalidate": "The password of now stops working at once.",
    "forms": "With the forms of each project.",
    "datasets": "With the entity lists of each project.",
    "action": "Only such entries: an action, or a group of them.",
    "start": "From this moment on (ISO 8601).",
    "end": "Up to this moment (ISO 8601).",
    "projectId": "In this project alone.",
    "parent": "Below the unit with this code.",
    "on": "As it was on this day (YYYY-MM-DD).",
    "dryRun": "Look at what would happen, and change nothing.",
    "formID": "This form alone.",
    "deviceID": "What the phone calls itself.",
    "version": "The version that the published form gets.",
    "publish": "At once, without a draft.",
    "ignoreWarnings": "Take the form although something may be wrong with it.",
    "odata": "With the names that OData has for them.",
    "$skip": "Leave out so many rows.",
    "$top": "At most so many rows.",
    "$count": "With the number of all rows.",
    "$select": "Only these columns.",
    "$expand": "`*`: the rows of repeats inside their submission.",
    "$wkt": "Places as well-known text instead of GeoJSON.",
    "$skiptoken": "Where the page before ended; it stands in `@odata.nextLink`.",
    "findings": "With how many problems were found, and their codes.",
    "$filter": "Only submissions that fit: metadata and answers, as OData writes conditions.",
    "attachments": "`false`: without the files that were sent.",
    "groupPaths": "`false`: columns are called without the groups they are in.",
    "splitSelectMultiples": "A column of 0 and 1 for each choice.",
    "deletedFields": "With questions that newer versions no longer have.",
    "labels": "The language of the form whose words stand for names and codes.",
    "excel": "Made for spreadsheets: marked as UTF-8, and without formulas.",
    "fieldpath": "The place that is shown, like `/group/place`.",
    "unit": "With the unit of each submission.",
    "$format": "`json`; nothing else is spoken here.",
    "$orderby": "The order of the rows: fields of `__system`, each with `asc` or `desc`.",
    "from": "The version to compare with; else the one before.",
    "ts": "When it was set: with it the answer may be kept for ever.",
}
