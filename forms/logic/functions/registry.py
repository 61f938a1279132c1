"""How a function is made known: its name, how many arguments it takes, and what beside the answers it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ANY = 1000

# What an expression may depend on beside the answers; a calculation that depends on one of these is not recomputed.
CLOCK = "clock"
CHANCE = "chance"
ONCE = "once"
PHONE = "phone"
# These are known well enough: the calculation is held against each possibility.
LANGUAGE = "language"
ZONE = "zone"
# The order of nodes is by chance, or by a seed; whether one is among them is not.
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `call` takes `Here` and the values of the arguments; where `nodes`, lists of nodes stay lists."""

    name: str
    least: int
    most: int
    call: Callable[..., Any]
    nodes: bool = False
    needs: str = ""


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, least: int = 1, most: int | None = None, *, nodes: bool = False, needs: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function known. By default it takes exactly `least` arguments."""

    def known(call: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[name] = Function(name, least, least if most is None else most, call, nodes, needs)
        return call

    return known
