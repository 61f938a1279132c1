"""Tables only. Importing this package registers all of them."""

from server.models.accounts import Actor, AppUser, Assignment, PublicLink, Session, User
from server.models.blobs import Blob
from server.models.entities import Dataset, DatasetProperty, Entity, EntityHold, EntityVersion
from server.models.events import Audit, Lease
from server.models.forms import Form, FormFile, FormVersion
from server.models.programme import (
    Consent,
    ReportSnapshot,
    ScheduleTemplate,
    Unit,
    VaultEntry,
    VisitSlot,
)
from server.models.projects import Project, ProjectKey
from server.models.submissions import Comment, FindingRow, Submission, SubmissionFile, SubmissionVersion

__all__ = [
    "Actor",
    "AppUser",
    "Assignment",
    "Audit",
    "Blob",
    "Comment",
    "Consent",
    "Dataset",
    "DatasetProperty",
    "Entity",
    "EntityHold",
    "EntityVersion",
    "FindingRow",
    "Form",
    "FormFile",
    "FormVersion",
    "Lease",
    "Project",
    "ProjectKey",
    "PublicLink",
    "ReportSnapshot",
    "ScheduleTemplate",
    "Session",
    "Submission",
    "SubmissionFile",
    "SubmissionVersion",
    "Unit",
    "User",
    "VaultEntry",
    "VisitSlot",
]
