"""One's own account: name and language, the second factor, passwords for programs, where else one is signed in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from cryptography.fernet import InvalidToken
from flask import Response, request, url_for

from schemas import problems
from schemas.problems import Problem
from server import errors, i18n
from server.actions import accounts, app_passwords, elsewhere, second_factor
from server.i18n import LANGUAGES, gettext
from server.parts import vault
from server.secrets import TICKET
from server.web import codes, pages

page = pages.blueprint("profile")
PROFILE = "/profile"


def _show(status: int = 200, **wrong: str) -> Response:
    """The page. `wrong`: what went wrong, by the part of the page."""
    who = pages.actor()
    user = accounts.oneself(who)
    return pages.show(
        "profile.html",
        status,
        user=user,
        second=second_factor.is_on(user),
        codes_left=second_factor.codes_left(who),
        app_passwords=app_passwords.list_all(who),
        elsewhere=elsewhere.count(who),
        wrong=wrong,
        here=url_for("profile.one"),
    )


@page.get(PROFILE)
def one() -> Response:
    """All of it."""
    return _show()


@page.post(PROFILE)
def save() -> Response:
    """How one is called, and the language."""
    wanted = request.form.get("language", "")
    known = wanted if wanted in LANGUAGES else None
    try:
        accounts.set_profile(pages.actor(), request.form.get("name", ""), known)
    except Problem as problem:
        return _show(problem.status, name=errors.sentence(problem))
    response = pages.go("profile.one", done="saved")
    if known is None:
        response.delete_cookie(i18n.COOKIE)
    else:
        pages.set_cookie(response, i18n.COOKIE, known, max_age=365 * 86400)
    return response


def _ask_first_code(address: str, problem: str = "", status: int = 200) -> Response:
    """The QR code. Its text comes back encrypted with the first code, so that a slip does not make another secret."""
    secret = parse_qs(urlsplit(address).query).get("secret", [""])[0]
    parts = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    ticket, picture = vault().encrypt(address, TICKET), codes.picture_of(address)
    return pages.show(
        "profile_second.html",
        status,
        secret=parts,
        picture=picture,
        ticket=ticket,
        problem=problem,
        here=url_for("profile.one"),
    )


@page.post(f"{PROFILE}/second-factor")
def begin() -> Response:
    """Show what the authenticator app scans."""
    _secret, address = second_factor.begin(pages.actor())
    return _ask_first_code(address)


@page.post(f"{PROFILE}/second-factor/confirm")
def confirm() -> Response:
    """Turn it on, and show the recovery codes, this once."""
    try:
        made = second_factor.confirm(pages.actor(), request.form.get("code", ""))
    except Problem as problem:
        if problem.status != 401:
            raise
        said = gettext("The code is wrong. Look at the phone once more: it shows a new one every 30 seconds.")
        return _ask_first_code(_address(), said, 400)
    return pages.show("profile_codes.html", codes=made, here=url_for("profile.one"))


def _address() -> str:
    """What was shown to be scanned. Raises PAGE_EXPIRED for what we did not make."""
    try:
        return vault().decrypt(request.form.get("ticket", ""), TICKET)
    except (InvalidToken, ValueError):
        raise problems.PAGE_EXPIRED() from None


@page.post(f"{PROFILE}/second-factor/off")
def turn_off() -> Response:
    """Turn it off with the password."""
    try:
        second_factor.remove(pages.actor(), request.form.get("password", ""))
    except Problem as problem:
        unproved = problem.status == 401
        said = gettext("The present password is wrong.") if unproved else errors.sentence(problem)
        return _show(400 if unproved else problem.status, second=said)
    return pages.go("profile.one", done="second_off")


@page.post(f"{PROFILE}/app-passwords")
def add_app_password() -> Response:
    """Make one, and show it, this once."""
    try:
        given = request.form.get("name", ""), request.form.get("password", "")
        made, secret = app_passwords.create(pages.actor(), *given)
    except Problem as problem:
        unproved = problem.status == 401
        said = gettext("The present password is wrong.") if unproved else errors.sentence(problem)
        return _show(400 if unproved else problem.status, app_passwords=said)
    return pages.show("profile_app_password.html", made=made, secret=secret, here=url_for("profile.one"))


@page.post(f"{PROFILE}/app-passwords/<int:number>/revoke")
def revoke_app_password(number: int) -> Response:
    """Make it worthless."""
    app_passwords.revoke(pages.actor(), number)
    return pages.go("profile.one", done="app_password_revoked")


@page.post(f"{PROFILE}/sign-out-elsewhere")
def sign_out_elsewhere() -> Response:
    """End all other sessions."""
    elsewhere.sign_out(pages.actor())
    return pages.go("profile.one", done="signed_out_elsewhere")
