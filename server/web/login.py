"""Signing in and out, one's password, and the language of the pages."""

from __future__ import annotations

from flask import Response, make_response, redirect, request

from schemas import problems
from schemas.problems import Problem
from server import errors, i18n, identity
from server.actions import accounts
from server.web import pages

page = pages.blueprint("login", public=True)


@page.get("/login")
def sign_in() -> Response:
    """The way in."""
    if pages.actor().id is not None:
        return pages.go("projects.home")
    return pages.show("sign_in.html", back=request.args.get("next", ""), email="", problem="")


@page.post("/login")
def enter() -> Response:
    """Check e-mail and password, and go where the person wanted to go."""
    email, back = request.form.get("email", ""), request.form.get("next", "")
    try:
        token, session = accounts.sign_in(email, request.form.get("password", ""))
    except Problem as problem:
        said = i18n.gettext("E-mail or password is wrong.") if problem.status == 401 else errors.sentence(problem)
        return pages.show("sign_in.html", problem.status, back=back, email=email, problem=said)
    response = make_response(redirect(pages.local_path(back or "/"), 303))
    pages.set_cookie(response, identity.COOKIE, token, expires=session.expires_at)
    response.delete_cookie(pages.VISITOR)
    return response


@page.post("/logout")
def sign_out() -> Response:
    """End the session."""
    if pages.actor().session_id is not None:
        accounts.sign_out(pages.actor())
    response = pages.go("login.sign_in", done="signed_out")
    response.delete_cookie(identity.COOKIE)
    return response


@page.get("/password")
def password() -> Response:
    """Where one's own password is changed; after a one-time password nothing else can be done first."""
    if pages.actor().id is None:
        return pages.to_sign_in()
    return pages.show("password.html", problem="")


@page.post("/password")
def change_password() -> Response:
    """Save the new password."""
    who = pages.actor()
    if who.id is None:
        return pages.to_sign_in()
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise problems.PASSWORDS_DIFFER()
        accounts.change_password(who, who.id, request.form.get("old", ""), new)
    except Problem as problem:
        wrong = problem.status == 401
        said = i18n.gettext("The present password is wrong.") if wrong else errors.sentence(problem)
        return pages.show("password.html", 400, problem=said)
    return pages.go("projects.home", done="password")


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
