"""Who is asking, and the roles held: what of them counts where."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import roles
from schemas.roles import PERSONAL, UNIT_ROLES, Role, UnitRole


@dataclass(frozen=True, slots=True)
class Grant:
    """A role held somewhere: everywhere when neither project, form nor unit is given.

    `unit_id`: its verbs reach the rows of this unit and of all below it, in one project or in each. `units`: how many
    units these are; `beyond`: how many there are beside them, None where that was not counted as they are few.
    """

    role: str
    project_id: int | None = None
    form_id: int | None = None
    unit_id: int | None = None
    units: int = 0
    beyond: int | None = None

    def allows(self, verb: str) -> bool:
        """Whether the role has the verb."""
        role = roles.find(self.role)
        return role is not None and verb in role.verbs

    @property
    def narrow(self) -> UnitRole | None:
        """The role, if it reaches some rows of a project only."""
        role = UNIT_ROLES.get(self.role)
        return role if role is not None and not role.whole else None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `id` is None for a stranger. `via`: bearer, cookie, basic, key, draft, console.

    `source`: the network address; `notes`: why, as the client says (X-Action-Notes). Both are for the audit.
    `machine`: a program that has an app password: what gives or takes rights is not for it.
    """

    id: int | None = None
    type: str = "anonymous"
    display_name: str = ""
    grants: tuple[Grant, ...] = ()
    via: str = ""
    language: str | None = None
    session_id: int | None = None
    csrf: str = ""
    must_change_password: bool = False
    source: str | None = None
    notes: str | None = None
    machine: bool = False

    def _held(self, project_id: int | None, form_id: int | None) -> list[Role]:
        """The roles that count there, as `verbs_on` says. Asked with every request: of phones, for each form."""
        found = []
        for grant in self.grants:
            if grant.form_id is not None and grant.form_id != form_id:
                continue
            if grant.form_id is None and grant.project_id is not None and grant.project_id != project_id:
                continue
            if grant.unit_id is not None and self.type == "field_key":
                continue  # which forms a phone fills is said by form alone; the unit says whose rows it sends
            role = roles.find(grant.role)
            if role is not None and (project_id is not None or form_id is not None or not grant.narrow):
                found.append(role)
        return found

    def verbs_on(self, project_id: int | None = None, form_id: int | None = None) -> frozenset[str]:
        """All verbs the actor has on a form, a project or (with neither) the whole server.

        On a project and its forms a role on a unit counts, though it reaches some rows only: which ones, `visible`
        decides. On the whole server it counts for nothing.
        """
        found: set[str] = set()
        for role in self._held(project_id, form_id):
            found |= role.verbs
        return self._allowed(found)

    def filling(self, project_id: int, form_id: int, xml_form_id: str) -> frozenset[str]:
        """As `verbs_on` a form, of those roles alone that let her fill it: some of the programme's fill some forms."""
        found: set[str] = set()
        for role in self._held(project_id, form_id):
            if not isinstance(role, UnitRole) or role.may_fill(xml_form_id):
                found |= role.verbs
        return self._allowed(found)

    def verbs_over(
        self, role: Role, project_id: int | None, form_id: int | None, above: frozenset[int] = frozenset()
    ) -> frozenset[str]:
        """All verbs the actor has on each row that the role reaches there: what she may hand on, or take over.

        `above`: the unit on which the role is held, and those that it lies in. With a form, the project is the form's.
        """
        forms = role.forms if isinstance(role, UnitRole) else None
        found: set[str] = set()
        for grant in self.grants:
            narrow, held = grant.narrow, roles.find(grant.role)
            if grant.form_id not in (None, form_id) or grant.project_id not in (None, project_id) or held is None:
                continue
            if narrow and (narrow.own or grant.unit_id not in above or narrow.forms not in (None, forms)):
                continue
            fewer = narrow and isinstance(role, UnitRole) and not role.fills <= narrow.fills
            found |= held.verbs - {"submission.create"} if fewer else held.verbs
        return self._allowed(found)

    def _allowed(self, verbs: set[str]) -> frozenset[str]:
        return frozenset(verbs - PERSONAL if self.machine else verbs)

    def sends_for(self, project_id: int, xml_form_id: str) -> int | None:
        """The unit that what she sends to a project belongs to: of those on which she may send, the smallest.

        Those where she fills this very form go first. All are the same to a phone, whose forms are said elsewhere.
        """
        found = [
            grant
            for grant in self.grants
            if grant.unit_id is not None
            and grant.project_id in (None, project_id)
            and grant.allows("submission.create")
        ]
        if self.type != "field_key":
            found = [grant for grant in found if grant.narrow and grant.narrow.may_fill(xml_form_id)] or found
        return min(found, key=lambda grant: (grant.units, grant.unit_id)).unit_id if found else None


ANONYMOUS = Actor()
CONSOLE = Actor(type="console", display_name="console", grants=(Grant("admin"),), via="console")
