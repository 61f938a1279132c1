"""Every sentence that people may be told: marked in pages and code, or listed in a catalogue of the pure folders."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

from forms import complaints, rules
from forms.logic import compiler, program
from schemas import findings, problems, units

ROOT = Path(__file__).parents[3]
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]


def listed() -> set[str]:
    """Sentences that code looks up by a code of their own."""
    kinds = {kind.message for kind in vars(problems).values() if isinstance(kind, problems.Kind)}
    known = {
        *findings.MESSAGES.values(),
        findings.NOTHING_COMPUTED,
        *complaints.MESSAGES.values(),
        *rules.REASONS.values(),
        *units.MESSAGES.values(),
        *program.REASONS,
        *compiler.ON_THE_PHONE.values(),
    }
    return (kinds | known | refused()) - {"{text}"}


def refused() -> set[str]:
    """Why an expression of a form is not understood: what `Unsupported` is raised with."""
    found = extract_from_dir(ROOT / "forms" / "logic", [("**.py", "python")], keywords={"Unsupported": None})
    return {message for _name, _line, message, _comments, _context in found if isinstance(message, str)}


def used() -> dict[str, str]:
    """Each sentence with where it is; of those with a plural the singular, by which they are looked up."""
    found = dict.fromkeys(listed(), "listed")
    options = {"**.html": {"trimmed": "true", "extensions": "jinja2.ext.i18n"}}
    for name, line, message, _comments, _context in extract_from_dir(
        ROOT / "server",
        METHODS,
        options,
        KEYWORDS,
        (),
        None,
        directory_filter=lambda folder: "__pycache__" not in folder,
    ):
        text = message[0] if isinstance(message, tuple) else message
        found.setdefault(text, f"server/{name}:{line}")
    return found
