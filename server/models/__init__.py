"""Tables only. Importing this package registers all of them."""

from server.models.accounts import (
    Actor,
    ActorProperty,
    AppPassword,
    AppUser,
    Assignment,
    Attempt,
    PasswordReset,
    PublicLink,
    RecoveryCode,
    Session,
    User,
)
from server.models.blobs import Blob
from server.models.config import Config
from server.models.entities import Dataset, DatasetProperty, Entity, EntityHold, EntityVersion
from server.models.events import Audit, Lease
from server.models.forms import Form, FormFile, FormVersion
from server.models.programme import (
    Consent,
    ReportSnapshot,
    ScheduleTemplate,
    VaultEntry,
    VisitSlot,
)
from server.models.projects import Project, ProjectKey
from server.models.submissions import Comment, FindingRow, Submission, SubmissionFile, SubmissionVersion
from server.models.units import Unit, UnitLevel, UnitReach

__all__ = [
    "Actor",
    "ActorProperty",
    "AppPassword",
    "AppUser",
    "Assignment",
    "Attempt",
    "Audit",
    "Blob",
    "Comment",
    "Config",
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
    "PasswordReset",
    "Project",
    "ProjectKey",
    "PublicLink",
    "RecoveryCode",
    "ReportSnapshot",
    "ScheduleTemplate",
    "Session",
    "Submission",
    "SubmissionFile",
    "SubmissionVersion",
    "Unit",
    "UnitLevel",
    "UnitReach",
    "User",
    "VaultEntry",
    "VisitSlot",
]
