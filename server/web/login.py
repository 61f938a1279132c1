"""Signing in and out, one's password, the way back in, and the language of the pages."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, request

from schemas import problems
from schemas.problems import Problem
from server import errors, i18n, identity
from server.actions import accounts, mail, passwords, sessions
from server.models import Session
from server.permissions import ANONYMOUS
from server.web import pages

page = pages.blueprint("login", public=True)


def _ask(status: int = 200, *, back: str = "", email: str = "", problem: str = "") -> Response:
    return pages.show("sign_in.html", status, back=back, email=email, problem=problem, mail=mail.is_set())


@page.get("/login")
def sign_in() -> Response:
    """The way in."""
    if pages.actor().id is not None:
        return pages.go("projects.home")
    return _ask(back=request.args.get("next", ""))


def _whence() -> dict[str, Any]:
    return {"source": request.remote_addr, "agent": request.headers.get("User-Agent")}


@page.post("/login")
def enter() -> Response:
    """Check e-mail and password, and go where the person wanted to go, or to the second factor."""
    email, back = request.form.get("email", ""), request.form.get("next", "")
    try:
        token, session = sessions.sign_in(email, request.form.get("password", ""), **_whence())
    except Problem as problem:
        if problem.kind is problems.SECOND_FACTOR_NEEDED:
            return pages.show("second_factor.html", ticket=sessions.ticket(email), back=back, problem="")
        said = i18n.gettext("E-mail or password is wrong.") if problem.status == 401 else errors.sentence(problem)
        return _ask(problem.status, back=back, email=email, problem=said)
    return _let_in(token, session, back)


@page.post("/login/code")
def enter_with_code() -> Response:
    """Check the code of the second factor."""
    ticket, back = request.form.get("ticket", ""), request.form.get("next", "")
    try:
        token, session = sessions.sign_in_with_code(ticket, request.form.get("code", ""), **_whence())
    except Problem as problem:
        if problem.kind is problems.PAGE_EXPIRED:
            return _ask(403, back=back, problem=i18n.gettext("That took too long. Please sign in once more."))
        said = i18n.gettext("The code is wrong, or was used already.")
        said = said if problem.status == 401 else errors.sentence(problem)
        return pages.show("second_factor.html", problem.status, ticket=ticket, back=back, problem=said)
    return _let_in(token, session, back)


def _let_in(token: str, session: Session, back: str) -> Response:
    response = make_response(redirect(pages.local_path(back or "/"), 303))
    pages.set_cookie(response, identity.COOKIE, token, expires=session.expires_at)
    response.delete_cookie(pages.VISITOR)
    return response


@page.post("/logout")
def sign_out() -> Response:
    """End the session."""
    if pages.actor().session_id is not None:
        sessions.sign_out(pages.actor())
    response = pages.go("login.sign_in", done="signed_out")
    response.delete_cookie(identity.COOKIE)
    return response


@page.get("/password")
def password() -> Response:
    """Where one's own password is changed; after a one-time password nothing else can be done first."""
    if pages.actor().id is None:
        return pages.to_sign_in()
    return pages.show("password.html", problem="")


def _new_password() -> str:
    """What was typed twice. Raises PASSWORDS_DIFFER."""
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise problems.PASSWORDS_DIFFER()
    return new


@page.post("/password")
def change_password() -> Response:
    """Save the new password."""
    who = pages.actor()
    if who.id is None:
        return pages.to_sign_in()
    try:
        passwords.change_password(who, who.id, request.form.get("old", ""), _new_password())
    except Problem as problem:
        wrong = problem.status == 401
        said = i18n.gettext("The present password is wrong.") if wrong else errors.sentence(problem)
        return pages.show("password.html", 400, problem=said)
    return pages.go("projects.home", done="password")


@page.get("/account/reset")
def forgotten() -> Response:
    """Where a way to a new password is asked for."""
    return pages.show("forgotten.html", mail=mail.is_set(), sent=False)


@page.post("/account/reset")
def send_reset() -> Response:
    """Mail it. Nobody is told whether the address is known."""
    email = request.form.get("email", "").strip()
    if email:
        passwords.initiate(ANONYMOUS, email, source=request.remote_addr)
    return pages.show("forgotten.html", mail=mail.is_set(), sent=True)


def _ask_new(token: str, status: int = 200, problem: str = "") -> Response:
    known = passwords.user_of(token)
    response = pages.show("claim.html", status if known else 404, token=token, known=known, problem=problem)
    response.headers["Referrer-Policy"] = "no-referrer"  # the address holds the token
    return response


@page.get("/account/claim")
def claim() -> Response:
    """Where a link that was mailed or handed over leads: to choose a password."""
    return _ask_new(request.args.get("token", ""))


@page.post("/account/claim")
def choose() -> Response:
    """Save it; then the person signs in with it."""
    token = request.form.get("token", "")
    try:
        passwords.choose(token, _new_password(), request.remote_addr)
    except Problem as problem:
        return _ask_new(token, 400, errors.sentence(problem))
    response = pages.go("login.sign_in", done="password_chosen")
    response.delete_cookie(identity.COOKIE)
    return response


@page.post("/language")
def language() -> Response:
    """Speak this language from now on."""
    wanted = request.form.get("language", "")
    response = make_response(redirect(pages.local_path(request.form.get("next", "/")), 303))
    if wanted in i18n.LANGUAGES:
        pages.set_cookie(response, i18n.COOKIE, wanted, max_age=365 * 86400)
        if pages.actor().id is not None:
            accounts.set_language(pages.actor(), wanted)
    return response
