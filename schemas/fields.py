"""`Field`: one node of a form's tree, as the XForm declares it. Shapes only, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GROUP = "structure"
REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a select. `labels`: language name ('' where the form has no languages) to text."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Itemset:
    """Where a select takes its choices from: the expression for their nodes, and the path of the value below each."""

    nodeset: str
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """One node of the primary instance.

    `path` begins with the root's name (`/data/visits/age`). `type` is the bind's XForms type without prefix
    (`string` where none is given), `structure` for a group and `repeat` for a repeat.
    `control` is the body element that asks for it (`input`, `select1`, `select`, `rank`, `upload`, `range`,
    `trigger`, `secret`), empty where nobody is asked. `choices` is None where the server cannot decide them:
    a filter, a repeat, a search or an external list does. `options` are all choices that the form itself holds,
    filtered ones included: they are for showing labels, never for judging. `default` is the text that the form puts
    into the node, `preload` what the phone puts there by itself (`start`, `end`). `itemset` is where choices
    come from that are not decided beforehand, `count` the expression for the number of a repeat's instances.
    `declared` is the bind's type as it is written, with its prefix, and '' where there is none.
    `constraint_message` and `required_message` are the form's own sentences, by language. Expressions are the form's
    own text, '' where absent.
    """

    path: str
    name: str
    type: str = "string"
    control: str = ""
    required: str = ""
    relevant: str = ""
    constraint: str = ""
    calculate: str = ""
    readonly: str = ""
    choices: tuple[Choice, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    appearance: str = ""
    media_type: str = ""
    saveto: str = ""
    options: tuple[Choice, ...] = ()
    default: str = ""
    preload: str = ""
    itemset: Itemset | None = None
    count: str = ""
    constraint_message: Mapping[str, str] = field(default_factory=dict)
    required_message: Mapping[str, str] = field(default_factory=dict)
    declared: str = ""

    @property
    def is_container(self) -> bool:
        """Whether the node holds other nodes instead of an answer."""
        return self.type in (GROUP, REPEAT)
