"""Who can ask: actors (users, app users, public links), their sessions and the roles they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.db import Base


class Actor(Base):
    """Anyone who can be named as the doer of something. `type`: user, field_key (app user), public_link."""

    __tablename__ = "actors"

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    display_name: Mapped[str]
    language: Mapped[str | None] = mapped_column(String(10))
    properties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class User(Base):
    """A person with an e-mail address and a password. `email_key` is the address as it is compared.

    `password_hash` is None until the person has chosen one. `totp_cipher`: the secret of the second factor, encrypted;
    it counts from `totp_since`, and `totp_step` is the time step of the last code that was taken.
    """

    __tablename__ = "users"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    last_login_at: Mapped[datetime | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    totp_cipher: Mapped[str | None]
    totp_since: Mapped[datetime | None]
    totp_step: Mapped[int | None]

    actor: Mapped[Actor] = relationship(lazy="joined", innerjoin=True)


class RecoveryCode(Base):
    """Gets in once, instead of the second factor."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class AppPassword(Base):
    """A password for a machine, which cannot give a second factor. Only its hash is kept."""

    __tablename__ = "app_passwords"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasswordReset(Base):
    """A way to choose a new password, sent by mail or handed over. Counts once, until `expires_at`.

    `source`: from where a stranger asked for it, as a keyed hash.
    """

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    source: Mapped[str | None] = mapped_column(String(64))


class ActorProperty(Base):
    """A property that the app users and public links of a project may have; its values are in `Actor.properties`."""

    __tablename__ = "actor_properties"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    created_at: Mapped[datetime]


class AppUser(Base):
    """A volunteer's phone. The key is found by its hash, and kept encrypted because it must be shown again.

    `replaces`: the one that was lost, which this one is made instead of.
    """

    __tablename__ = "app_users"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    key_cipher: Mapped[str | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("actors.id"), unique=True)

    actor: Mapped[Actor] = relationship(foreign_keys=[actor_id], lazy="joined", innerjoin=True)


class PublicLink(Base):
    """A form that anyone with the address may fill."""

    __tablename__ = "public_links"

    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), index=True)
    once: Mapped[bool] = mapped_column(default=False)
    key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    key_cipher: Mapped[str | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("actors.id"))

    actor: Mapped[Actor] = relationship(foreign_keys=[actor_id], lazy="joined", innerjoin=True)


class Session(Base):
    """A sign-in. Only the hash of the token is kept; `csrf` guards changes made with the cookie.

    `app_password_id`: a machine's, which ends with the password that opened it.
    """

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    app_password_id: Mapped[int | None] = mapped_column(ForeignKey("app_passwords.id"), index=True)


class Assignment(Base):
    """A role held by an actor: everywhere, on a project, on a form, or on a unit and all below it."""

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("actor_id", "role", "project_id", "form_id", "unit_id"),
        Index("ix_assignments_form_id_role", "form_id", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int] = mapped_column(ForeignKey("actors.id"), index=True)
    role: Mapped[str] = mapped_column(String(40))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    form_id: Mapped[int | None] = mapped_column(ForeignKey("forms.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))


class Attempt(Base):
    """Failed sign-ins in a row: of an account from a source, of an account ('' as source), of a source ('' as account).

    Both are keyed hashes, so that addresses that belong to nobody are counted alike and none can be read here.
    `known_at`: when the account last signed in from the source.
    """

    __tablename__ = "sign_in_attempts"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]
    known_at: Mapped[datetime | None]
