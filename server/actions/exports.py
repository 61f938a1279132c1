"""Exports: the answers of a form as a file, whatever its format. Read in short pages, scoped as all rows are.

Nothing is held between two pages, neither a snapshot nor a lock: what comes meanwhile is newer than all that is still
to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from forms.exports import places
from forms.exports.job import Batches, Job, Media, Options, Record
from forms.exports.merging import merged
from forms.exports.splitting import Splits
from schemas.fields import Field
from server import permissions, space
from server.actions import audits, data, decryption, filters, findings, forms, free_text, units
from server.actions.data import DataRow
from server.actions.decryption import Keyring, Sealed
from server.actions.export_media import Collected
from server.actions.filters import Chosen
from server.actions.narrowing import Filters, narrow
from server.actions.rows import Place
from server.db import db, end_read
from server.models import Form, FormVersion, Project, Submission, SubmissionVersion, Unit
from server.permissions import Actor

PAGE = 500
MEMORY = 256 * 1024
# Further columns, as they are asked for, with what they are called.
EXTRAS = {"findings": ("Findings", "FindingCodes"), "unit": ("UnitCode", "UnitName")}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. `chosen`: of those submissions alone.

    `map`: the place that is shown depends on the version. `split`: a column for each choice. `deleted_fields`: those of
    old versions, too. `extras`: of EXTRAS.
    """

    draft: bool = False
    media: bool = False
    map: bool = False
    split: bool = False
    deleted_fields: bool = False
    options: Options = field(default_factory=Options)
    passphrases: Mapping[int, str] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    limit: int | None = None
    chosen: Chosen = filters.ALL


class Export:
    """One export, ready to be read. Made while the request is looked at: what is wrong is raised here."""

    def __init__(self, actor: Actor, form: Form, version: FormVersion, wanted: Wanted) -> None:
        """Raises UNDECRYPTABLE, DISK_FULL."""
        self._actor, self._wanted = actor, wanted
        self.place = Place(form.project_id, form.id)
        self.seen = audits.Seen()
        project = db.session.get_one(Project, form.project_id)
        all_versions = _all_fields(form) if wanted.deleted_fields or wanted.map else ()
        fields = all_versions or forms.compiled(version).fields
        space.space().check()
        self.keys = decryption.keyring(actor, form, wanted.passphrases)
        options = wanted.options
        if wanted.split:
            options = replace(options, splits=self._splits(Splits(fields, _of_each(form, version))))
        self._spools: list[IO[bytes]] = []
        self._media = Collected(actor, self.place, self._spool) if wanted.media else None
        self.job = Job(
            form_id=form.xml_form_id,
            title=version.title or form.xml_form_id,
            fields=fields,
            spool=self._spool,
            options=options,
            extras=tuple(name for extra in wanted.extras for name in EXTRAS[extra]),
            zone=ZoneInfo(project.time_zone),
            media=self._given if self._media else None,
            places=_places(form) if wanted.map else {},
        )

    def batches(self) -> Iterator[list[Record]]:
        """The submissions, newest first. Raises DISK_FULL where what is kept beside them fills the disk."""
        for found in self._pages():
            if self._spools:
                space.space().check()
            batch = list(self._records(found))
            for each in found:
                self.seen.add(each.instance_id, each.unit_id)
            end_read()
            yield batch

    def begin(self, ending: str, *, standard: bool = False) -> None:
        """Write down that somebody takes it. `standard`: in a form that the dialect has, whose entry says no more."""
        place = {"project_id": self.place.project_id, "form_id": self.place.id}
        if not self._wanted.draft:
            told = {} if standard else {"format": ending}
            audits.note(self._actor, "form.submission.export", **place, **told)

    def stream(self, write: Callable[[Job, Batches], Iterator[bytes]]) -> Iterator[bytes]:
        """The bytes of a format; whoever takes them, to the end or not, is written down when it is over."""
        try:
            yield from write(self.job, self.batches())
        finally:
            self._end()

    def _end(self) -> None:
        """Write down who was shown how many rows: when all is made, or where the reader turned away."""
        for spool in self._spools:
            spool.close()
        if not self._wanted.draft:
            audits.looked_through(self._actor, "submission.data.read", self.place, self.seen)

    def _pages(self, *, brief: bool = False) -> Iterator[list[DataRow]]:
        wanted, after, left = self._wanted, None, self._wanted.limit
        while left is None or left > 0:
            limit = PAGE if left is None else min(PAGE, left)
            where: dict[str, Any] = {"draft": wanted.draft, "chosen": wanted.chosen, "brief": brief}
            found = data.read(self._actor, self.place, limit=limit, after_id=after, **where)
            if found:
                yield found
            if len(found) < limit:
                return
            after = found[-1].number
            left = left if left is None else left - len(found)

    def _records(self, found: list[DataRow]) -> Iterator[Record]:
        if self.keys.asked:
            # Who names keys asks for what these open, and for what nobody encrypted.
            keys = decryption.keys_of([each.number for each in found])
            asked = self.keys.asked | {None}
            found = [each for each in found if keys.get(each.number) in asked]
        sealed = _opened(self._actor, self.place, self.keys, [each.number for each in found if each.encrypted])
        extras = self._extras(found)
        kept = [(each, _answers(each, sealed.get(each.number))) for each in found]
        if self._media is not None:
            self._media.add(kept, sealed)
        for each, answers in kept:
            shut = sealed.get(each.number)
            yield Record(
                each.instance_id,
                each.created_at,
                answers,
                each.submitter_id,
                each.submitter,
                each.files_present,
                each.files_expected,
                shut.status if shut else None,
                each.review_state,
                each.device_id,
                each.edits,
                each.form_version,
                extras(each),
            )

    def _extras(self, found: list[DataRow]) -> Callable[[DataRow], tuple[Any, ...]]:
        asked = self._wanted.extras
        codes = findings.codes([each.number for each in found]) if "findings" in asked else {}
        known = _units(self._actor, {each.unit_id for each in found}) if "unit" in asked else {}

        def of(each: DataRow) -> tuple[Any, ...]:
            made: list[Any] = []
            for extra in asked:
                if extra == "findings":
                    own = codes.get(each.number, {})
                    made += (sum(own.values()), " ".join(sorted(own)))
                else:
                    unit = known.get(each.unit_id or 0)
                    made += (unit.code, unit.name_vi) if unit else (None, None)
            return tuple(made)

        return of

    def _splits(self, made: Splits) -> dict[str, list[str]]:
        """By path, what was picked by anybody: it is gone through all of it once more for that."""
        for page in self._pages(brief=True) if made else ():
            for each in page:
                made.add(each.answers or {})
            end_read()
        return made.columns()

    def _spool(self) -> IO[bytes]:
        folder = space.incoming()
        made = SpooledTemporaryFile(max_size=MEMORY, dir=str(folder) if folder else None)  # noqa: SIM115 - by `end`
        self._spools.append(made)
        return made

    def _given(self) -> Iterator[Media]:
        """The files of what was read, and what phones noted while these forms were filled."""
        assert self._media is not None
        return self._media.media(self.job)


def narrowed(actor: Actor, form: Form, wanted: Filters, time_zone: str) -> Chosen:
    """What a list of submissions shows with these filters, as a choice of rows."""
    if wanted == Filters():
        return filters.ALL
    current = (SubmissionVersion.submission_id == Submission.id) & SubmissionVersion.current.is_(True)
    query = select(Submission.id).join(SubmissionVersion, current).where(Submission.form_id == form.id)
    return Chosen(condition=Submission.id.in_(narrow(actor, form, query, wanted, time_zone)))


def _all_fields(form: Form) -> list[Field]:
    """Those of all published versions, the newest first of all."""
    return merged(forms.compiled(version).fields for version in reversed(forms.versions(form)))


def _of_each(form: Form, version: FormVersion) -> Iterator[Sequence[Field]]:
    """The fields of the version that is exported, and of every other one that was published."""
    yield forms.compiled(version).fields
    for other in forms.versions(form):
        if other.id != version.id:
            yield forms.compiled(other).fields


def _places(form: Form) -> dict[str, str]:
    """By version, the first place that is in no repeat."""
    found = {version.version: places.default(forms.compiled(version).fields) for version in forms.versions(form)}
    return {version: path for version, path in found.items() if path is not None}


def _answers(each: DataRow, shut: Sealed | None) -> Mapping[str, Any] | None:
    return each.answers if shut is None else shut.answers


def _opened(actor: Actor, place: Place, keys: Keyring, numbers: Collection[int]) -> dict[int, Sealed]:
    """What is in encrypted submissions, without the free text that she is not shown."""
    found = decryption.sealed(keys, numbers)
    allowed = free_text.readable(actor, place.project_id, place.id, list(found))
    hidden = [number for number in found if number not in allowed]
    if not hidden:
        return found
    rule = free_text.rule_of(place.project_id, place.id)
    for number in hidden:
        answers = found[number].answers
        found[number] = replace(found[number], answers=None if answers is None else rule.left(answers))
    return found


def _units(actor: Actor, numbers: set[int | None]) -> dict[int, Unit]:
    """Those of them that the actor may know of."""
    query = permissions.visible(actor, select(Unit).where(Unit.id.in_(numbers - {None})), *units.READ)
    return {unit.id: unit for unit in db.session.scalars(query)}
