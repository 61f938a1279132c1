"""The bundled forms, kept as Markdown-table XLSForms so that a change can be read in a diff."""

from __future__ import annotations

from importlib.resources import files

_ENDING = ".md"


def names() -> tuple[str, ...]:
    """The bundled forms, by form ID."""
    found = (entry.name for entry in files(__name__).iterdir() if entry.name.endswith(_ENDING))
    return tuple(sorted(name.removesuffix(_ENDING) for name in found))


def source(name: str) -> bytes:
    """The Markdown of a bundled form. KeyError for a name that is not in `names()`."""
    if name not in names():
        raise KeyError(name)
    return files(__name__).joinpath(name + _ENDING).read_bytes()
