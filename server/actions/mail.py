"""Mails to users: sent after the commit, beside the request, which never fails of them. Knows SMTP, and no noun."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from html import escape
from threading import BoundedSemaphore, Thread
from urllib.parse import quote, unquote, urlsplit

from server.actions.letters import LETTERS
from server.config import Settings
from server.parts import settings

SECONDS = 20
# Mails on their way at a time: beyond it, the relay does not answer, and threads would pile up.
AT_ONCE = 50
_LINK = re.compile(r"https?://\S+")
NEAR = ("localhost", "127.0.0.1", "::1")

log = logging.getLogger("donghanh.mail")
_way = BoundedSemaphore(AT_ONCE)


def is_set() -> bool:
    """Whether mail can be sent at all."""
    return bool(settings().smtp_url)


def base_url() -> str:
    """The address of the pages, without a slash at the end."""
    chosen = settings()
    return chosen.public_url or chosen.lan_url or f"http://{chosen.host}:{chosen.port}"


def reset_url(token: str) -> str:
    """Where the bearer of the token chooses a password."""
    return f"{base_url()}/account/claim?token={quote(token, safe='$!')}"


def post(address: str, language: str | None, letter: str, **values: str) -> None:
    """Send a letter. Without a relay nothing happens; what goes wrong is logged, without the address."""
    chosen = settings()
    if not chosen.smtp_url:
        return
    subject, text = LETTERS[letter]["en" if language == "en" else "vi"]
    filled = text.format(home=base_url(), ask=f"{base_url()}/account/reset", **values)
    if not _way.acquire(blocking=False):
        log.error("mail not sent", extra={"letter": letter, "kind": "too many are on their way"})
        return
    thread = Thread(target=_deliver, args=(chosen, address, subject, filled, letter), name="mail")
    thread.start()
    if chosen.testing:
        thread.join()


def _deliver(chosen: Settings, address: str, subject: str, text: str, letter: str) -> None:
    try:
        message = _message(chosen.mail_from, address, subject, text)
        with _relay(chosen.smtp_url) as relay:
            relay.send_message(message)
        log.info("mail sent", extra={"letter": letter})
    except (OSError, smtplib.SMTPException, ValueError) as error:
        log.error("mail not sent", extra={"letter": letter, "kind": type(error).__name__})
    finally:
        _way.release()


def _message(sender: str, address: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, address, subject
    message["Date"], message["Auto-Submitted"] = formatdate(), "auto-generated"
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or "localhost")
    message.set_content(text + "\n", cte="8bit")
    message.add_alternative(_as_page(text), subtype="html", cte="8bit")
    return message


def _as_page(text: str) -> str:
    """The same for programs that show HTML, where the links of a plain text cannot always be followed."""
    said = [_LINK.sub(r'<a href="\g<0>">\g<0></a>', escape(each)) for each in text.split("\n\n")]
    return "<html>" + "".join(f"<p>{each}</p>\n" for each in said) + "</html>\n"


def _relay(url: str) -> smtplib.SMTP:
    """Connected, encrypted where the relay can, and signed in. A password never goes to another machine in clear."""
    parts = urlsplit(url)
    host, context = parts.hostname or "", ssl.create_default_context()
    relay: smtplib.SMTP
    if parts.scheme == "smtps":
        relay = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SECONDS, context=context)
    else:
        relay = smtplib.SMTP(host, parts.port or 587, timeout=SECONDS)
        relay.ehlo()
        if relay.has_extn("starttls") and host not in NEAR:
            relay.starttls(context=context)
            relay.ehlo()
        elif parts.username and host not in NEAR:
            relay.close()
            raise smtplib.SMTPNotSupportedError("the relay offers no encryption")
    if parts.username:
        relay.login(unquote(parts.username), unquote(parts.password or ""))
    return relay
