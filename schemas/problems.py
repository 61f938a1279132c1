"""The catalogue of Problems: everything that can be refused, a line each.

The number is Central's where Central has the case (so that clients can match on it); its whole part is the HTTP
status. Texts are ours, in English; they are also the keys of the Vietnamese catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the catalogue. Calling it makes the Problem to raise.

    `told`: its details go on the wire; else they are there for the sentence alone.
    """

    code: float
    message: str
    told: bool = True

    def __call__(self, **details: Any) -> Problem:
        return Problem(self, details)


class Problem(Exception):
    """A refusal that a client or a person is told about. `details` go on the wire as they are."""

    def __init__(self, kind: Kind, details: dict[str, Any]) -> None:
        super().__init__(kind.message)
        self.kind = kind
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status: the whole part of the number."""
        return int(self.kind.code)

    @property
    def message(self) -> str:
        """The English sentence with its details filled in."""
        return self.kind.message.format(**self.words)

    @property
    def words(self) -> dict[str, Any]:
        """The details as a sentence has them: lists are read out."""
        return {
            key: ", ".join(map(str, value)) if isinstance(value, list) else value for key, value in self.details.items()
        }


UNPARSEABLE = Kind(400.1, "Could not parse the given data ({rawLength} characters) as {format}.")
MISSING_PARAMETER = Kind(400.2, "Required parameter {field} missing.")
MISSING_PARAMETERS = Kind(400.3, "Required parameters missing.")
UNEXPECTED_ATTRIBUTE = Kind(400.4, "Parameter {field} was not expected.")
INVALID_HEADER = Kind(400.6, "The header {field} is not as it has to be.")
MISSING_PART = Kind(400.7, "The required part {field} is missing from the request.")
UNEXPECTED_VALUE = Kind(400.8, "Unexpected {field} value {value}: {reason}")
INVALID_DATA_TYPE = Kind(400.11, "The kind of a value is wrong: expected {expected}.")
UNDECRYPTABLE = Kind(400.12, "This could not be decrypted. Please check the passphrase.")
VALUE_TOO_LONG = Kind(400.13, "A text is too long for its field.")
KEY_UNKNOWN = Kind(400.14, "There is no {field} {value} in {table}.")
XLSFORM_NOT_VALID = Kind(400.15, "The XLSForm could not be converted. {error}")
FORM_WARNINGS = Kind(
    400.16, "The form works, but with warnings. To accept them, send it again with ignoreWarnings=true."
)
FIELD_TYPE_CONFLICT = Kind(400.17, "The form changes the type of {path}, which was “{type}” before.")
UNPARSEABLE_ODATA = Kind(400.18, "The OData expression cannot be read: {reason}.")
EXPECTED_DEPRECATION = Kind(400.19, "An edit must name, as deprecatedID, the current version of the submission.")
PASSWORD_TOO_SHORT = Kind(400.21, "The password is too short: at least {length} characters are needed.", told=False)
OUT_OF_RANGE = Kind(400.22, "The value {value} is out of range for the type {type}.")
PROPERTY_NOT_FOUND = Kind(400.23, "There is no property “{property}”.")
SELECT_UNSUPPORTED = Kind(
    400.24, "The property “{property}” lies inside a repeat: select it in the repeat's own table."
)
INVALID_ENTITY_FORM = Kind(400.25, "What the form says of entities is not valid. {reason}")
DATASET_LINK_NOT_ALLOWED = Kind(400.26, "Only a data file can be linked to an entity list.")
MISSING_META = Kind(400.27, "The form has no 'meta' group.")
UNEXPECTED_PROPERTIES = Kind(400.33, "Other properties were sent than expected: {expected}.")
REPEAT_ROW_NOT_FOUND = Kind(400.34, "The row with which the page before ended is not there any more.")
SKIPTOKEN_INVALID = Kind(400.35, "The $skiptoken is not valid.")
BODY_TOO_LARGE = Kind(400.36, "The body of the request is too large.")
ENCODING_UNSUPPORTED = Kind(400.37, "The server does not know this encoding of a body.")
PASSWORD_TOO_LONG = Kind(400.38, "The password is too long: at most {length} characters are allowed.", told=False)
MULTIPART_BROKEN = Kind(400.39, "The parts of the request could not be read.")
INVALID_QUERY = Kind(400.41, "These parameters do not go together ({paramSet}): {violationText}")
PASSWORD_TOO_WEAK = Kind(
    400.44, "The password is too easy to guess. Choose another: three or four words are easy to remember."
)
PASSWORDS_DIFFER = Kind(400.91, "The two new passwords are not the same.")
TABLE_UNREADABLE = Kind(
    400.92, "This is no table that can be read. Save it as .xlsx, or as .csv with UTF-8, and try again."
)
TABLE_TOO_LONG = Kind(400.93, "The table is too long: at most {limit} rows are read at once.")
COLUMN_MISSING = Kind(400.94, "The table has no column “{column}”: its first line must name the columns.")
TABLE_HAS_ERRORS = Kind(400.95, "Nothing was added: {number} cells of the table are wrong.")
UNIT_UNKNOWN = Kind(400.96, "No unit with the code “{unit}” is there today.")
UNITS_NOT_VALID = Kind(400.97, "The tree of units would not be valid: {count} things are wrong. Nothing was changed.")
AUTHENTICATION_FAILED = Kind(401.2, "Could not authenticate with the credentials given.")
HTTPS_ONLY = Kind(401.3, "This way to sign in works over https only.")
SECOND_FACTOR_NEEDED = Kind(401.91, "A second factor is needed: send the code too. Machines use an app password.")
INSUFFICIENT_RIGHTS = Kind(403.1, "You do not have the right to do that.")
PASSWORD_MUST_CHANGE = Kind(
    403.92, "This password works once: choose one of your own first, on the page “Change password” or by the API."
)
PAGE_EXPIRED = Kind(403.91, "This page was open too long. Go back, reload it, and try again.")
NOT_FOUND = Kind(404.1, "Could not find what you were looking for.")
API_VERSION_MISSING = Kind(404.2, "The address must begin with the version of the API: /v1.")
API_VERSION_UNKNOWN = Kind(404.3, "The server knows version 1 of the API, and not {got}.")
DRAFT_ACCESS = Kind(
    404.4, "This draft is no longer there. If the form has been published, scan the project's code again."
)
FORM_VERSION_UNKNOWN = Kind(404.6, "There is no version “{formVersion}” of this form.")
FORM_UNKNOWN = Kind(
    404.12, "The server does not know the form “{form}”. Get the blank forms again, or ask your supervisor."
)
NOT_ACCEPTABLE = Kind(406.1, "This is not available in the format that was asked for. There is: {allowed}.")
TIMED_OUT = Kind(408.1, "The data stopped arriving. Please send again.")
XML_CONFLICT = Kind(409.1, "Another submission with this ID has already arrived, and its answers differ.")
NOT_ACCEPTING = Kind(409.2, "This form takes no more submissions. Please talk to your supervisor.")
UNIQUENESS = Kind(409.3, "A resource with {fields} {values} exists already.")
ALREADY_ACTIVE = Kind(409.4, "This is on already: {feature}.")
VERSION_UNIQUENESS = Kind(409.6, "The form {xmlFormId} has already been published with version “{version}”.")
NO_PUBLISHED_VERSION = Kind(409.7, "The draft cannot be deleted: the form has never been published.")
DEPRECATING_OLD = Kind(
    409.9, "The version that was edited ({deprecatedId}) is out of date. Get the current one and edit that."
)
EDITING_CLOSED = Kind(409.12, "The form is closed: what was sent for it can no longer be edited.")
SUBMISSION_DELETED = Kind(409.18, "This submission has been deleted and cannot be sent again.")
SECOND_FACTOR_ON = Kind(409.91, "The second factor is on already.")
SECOND_FACTOR_OFF = Kind(409.92, "The second factor is not on.")
TOO_MANY_APP_PASSWORDS = Kind(409.93, "There are {limit} app passwords already. Revoke one first.")
EDIT_ENCRYPTED = Kind(409.94, "What was sent is encrypted: nobody can edit it in the browser.")
TOO_LARGE = Kind(413.1, "This is larger than the server takes ({limit} bytes).")
TOO_MANY_PARTS = Kind(413.2, "The request has more parts than the server takes ({limit}).")
SIGN_IN_BUSY = Kind(429.2, "Too many people are signing in at this moment. Please try again in a minute.")
LOCKED_OUT = Kind(
    429.1, "Too many failed attempts. Please wait {minutes} minutes, or ask an administrator to unlock the account."
)
PASSPHRASES_LOCKED_OUT = Kind(
    429.3, "Too many wrong passphrases for this key. Please wait {minutes} minutes, and look for the right one."
)
INTERNAL = Kind(500.1, "Something went wrong on the server. Please try again later.")
NOT_IMPLEMENTED = Kind(501.1, "The feature {feature} is not supported by this server.")
UNEXPECTED_FORMS = Kind(
    501.2, "Forms are neither made nor removed in this way: send exactly the forms that the project has."
)
UNSUPPORTED_ODATA = Kind(501.4, "The OData expression uses what this server does not support: {text}")
UNSUPPORTED_ODATA_FIELD = Kind(501.5, "The OData expression uses a field that this server does not support: {text}")
EXPAND_UNSUPPORTED = Kind(501.6, "This server does not support $expand={text}, but $expand=* only.")
SELECT_WITH_EXPAND = Kind(501.11, "$select and $expand cannot be used together.")
BUSY = Kind(503.1, "The server cannot store this just now. Nothing is lost: keep it and send again in a few minutes.")
# The full disk and the new version are told apart, because what the operator has to do differs.
DISK_FULL = Kind(
    503.2, "The server's disk is nearly full. Nothing is lost: keep it, tell your supervisor and send again later."
)
UPDATING = Kind(503.3, "The server is being brought up to date. Nothing is lost: send again in a few minutes.")
UPKEEP_RUNS = Kind(
    503.4, "A backup or the daily upkeep is being done already, and they go one at a time. Try again in a few minutes."
)
STORE_AWAY = Kind(503.5, "The store of the files does not answer just now. Please try again in a few minutes.")
