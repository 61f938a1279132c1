"""Functions on days and times."""

from __future__ import annotations

from datetime import datetime

from forms.logic import moments, standard
from forms.logic.functions.registry import CLOCK, ZONE, function
from forms.logic.run import Here
from forms.logic.values import Plain, Undecidable, to_text


@function("today", 0, needs=CLOCK)
def today(here: Here) -> Plain:
    return _in_world(here, moments.to_moment(now(here), here.run.world.zone, keep_time=False))


@function("now", 0, needs=CLOCK)
def now(here: Here) -> Plain:
    if here.run.world.now is None:
        raise Undecidable("the time of the phone is not known")
    return _in_world(here, here.run.world.now)


@function("date", needs=ZONE)
def date(here: Here, value: Plain) -> Plain:
    return _in_world(here, moments.to_moment(value, here.run.world.zone, keep_time=False))


@function("date-time", needs=ZONE)
def date_time(here: Here, value: Plain) -> Plain:
    return _in_world(here, moments.to_moment(value, here.run.world.zone, keep_time=True))


@function("decimal-date-time", needs=ZONE)
def decimal_date_time(here: Here, value: Plain) -> Plain:
    return moments.decimal(value, here.run.world.zone, whole_day=True)


@function("decimal-time", needs=ZONE)
def decimal_time(here: Here, value: Plain) -> Plain:
    return moments.decimal(value, here.run.world.zone, whole_day=False)


@function("format-date", 2, needs=ZONE)
@function("format-date-time", 2, needs=ZONE)
def format_date(here: Here, value: Plain, pattern: Plain) -> str:
    return moments.formatted(value, to_text(pattern), here.run.world.zone)


def _in_world(here: Here, value: Plain) -> Plain:
    world = here.run.world
    return standard.moment(value, world.zone) if world.standard and isinstance(value, datetime) else value
