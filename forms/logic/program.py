"""The logic of one form version, compiled: what is asked of each node, which expressions are not checked, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from forms import attributes
from forms.logic import steady
from forms.logic.compiler import Compiler, Rule
from forms.logic.functions.registry import CHANCE, CLOCK, LANGUAGE, ONCE, ORDER, PHONE, ZONE
from forms.logic.lists import ItemList
from forms.logic.mistakes import tell
from forms.logic.syntax import Unsupported
from forms.xform import Form
from schemas.fields import REPEAT, Field

# Reasons are for the form's administrator; English here, and the keys of the Vietnamese catalogue.
NOT_RECOMPUTED = {
    CLOCK: "it depends on the time on the phone",
    CHANCE: "chance decides what it gives",
    ORDER: "it depends on a random order",
    ONCE: "it keeps what it gave the first time",
    PHONE: "only the phone knows what it asks for",
}
EDITABLE = "people may change what it gives"
UNASKED = "phones insist on it at questions only"
MISTAKEN = "the server cannot work it out"
SEARCHED = "Collect searches the choices in a file by itself"
ENTITIES = "the entity list may have changed since the phone saw it"
NO_FILE = "its list has not been uploaded"
TOO_LARGE = "its list is too large to be read for every submission"
UNREADABLE = "its list cannot be read"
NO_LIST = "the form has no such list"
ENCRYPTED = "phones encrypt the answers before they send them"
PUT_IN = "the phone puts it in when something happens, and people may change it"
ABSENT = "%(path)s is not in the form"
HIDDEN = "whether it is asked depends on a relevant that is not checked"
REASONS = (
    *NOT_RECOMPUTED.values(),
    EDITABLE,
    UNASKED,
    MISTAKEN,
    SEARCHED,
    ENTITIES,
    NO_FILE,
    TOO_LARGE,
    UNREADABLE,
    NO_LIST,
    ENCRYPTED,
    PUT_IN,
    HIDDEN,
)
LOOSE = "the form states it by a relative address, which the app ignored"
_CHOOSING = ("select", "select1", "rank")
KINDS = ("relevant", "required", "constraint", "calculate", "readonly")


@dataclass(slots=True, eq=False)
class Offer:
    """The choices of a select: `items` gives the nodes, `value` the path of the value below each."""

    items: Rule
    value: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Logic:
    """What is asked of one node; None where nothing is, or where it cannot be checked. `kept` is how many rows of a
    repeat may be there though its count is lower, None for any number."""

    relevant: Rule | None = None
    required: Rule | None = None
    constraint: Rule | None = None
    calculate: Rule | None = None
    readonly: Rule | None = None
    count: Rule | None = None
    offer: Offer | None = None
    recomputed: bool = False
    kept: int | None = None
    uncertain: bool = False

    @property
    def decides(self) -> bool:
        """Whether the node has a condition of its own, understood or not."""
        return self.relevant is not None or self.uncertain


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression of a form. `kind`: an attribute of the bind, `count`, `choices` or `setvalue`.

    `because` says why it is not checked, '' if it is: a key of the catalogue, with places for `named`.
    """

    path: str
    kind: str
    text: str
    because: str = ""
    lists: frozenset[str] = frozenset()
    named: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def reason(self) -> str:
        """Why it is not checked, in English."""
        return self.because % self.named if self.named else self.because


@dataclass(slots=True, eq=False)
class Program:
    """The compiled logic of a form, by the paths of its nodes. `unsteady`: something depends on the phone, as worlds
    are told apart."""

    nodes: dict[str, Logic] = field(default_factory=dict)
    expressions: list[Expression] = field(default_factory=list)
    unsteady: bool = False

    def needs_any(self, *needs: str) -> bool:
        """Whether a rule that is checked depends on one of these."""
        rules = (getattr(logic, kind) for logic in self.nodes.values() for kind in (*KINDS, "count"))
        offers = (logic.offer.items for logic in self.nodes.values() if logic.offer)
        return any(rule.needs.intersection(needs) for rule in (*rules, *offers) if rule)

    def report(self, missing: Callable[[str], str]) -> list[Expression]:
        """All expressions. `missing` says of a list why it cannot be asked, '' where it can."""
        told = [replace(each, because=_because(each, missing)) for each in self.expressions]
        unclear = tuple(f"{each.path}/" for each in told if each.kind == "relevant" and each.because)
        return [_below(each, unclear) for each in told]


def _below(expression: Expression, unclear: tuple[str, ...]) -> Expression:
    """What lies at or below a node whose relevance is not known cannot be judged either."""
    if expression.because or not f"{expression.path}/".startswith(unclear):
        return expression
    return replace(expression, because=HIDDEN)


def _because(expression: Expression, missing: Callable[[str], str]) -> str:
    """Why it is not checked, '' if it is. That a list is not there is the better reason for what nobody can check."""
    why = expression.because
    return _missing(expression, missing) or why if why in ("", PUT_IN) else why


def _missing(expression: Expression, missing: Callable[[str], str]) -> str:
    return next((reason for name in sorted(expression.lists) if (reason := missing(name))), "")


def compile_form(form: Form, ignored: Collection[str] = ()) -> Program:
    """Compile every expression of a form. Nothing is refused: what is not understood is marked. `ignored` are the paths
    of nodes of which nothing is checked that their binds say."""
    try:
        known = frozenset((f"/{form.root}", *(each.path for each in form.fields)))
        return _Maker(form, Compiler(known), ignored).program()
    except Exception as mistake:  # noqa: BLE001  # ours; submissions are stored without being checked by it
        tell(mistake, f"/{form.root}")
        every = (Expression(each.path, kind, text, MISTAKEN) for each in _nodes(form) for kind, text in _texts(each))
        return Program(expressions=list(every))


class _Maker:
    def __init__(self, form: Form, compiler: Compiler, ignored: Collection[str]) -> None:
        self._ignored = ignored
        self._form = form
        self._compiler = compiler
        self._made = Program()
        # Phones keep the lists that they write to by themselves, whatever files the form has.
        inside = {name for name, known in form.lists.items() if isinstance(known, ItemList)}
        self._entity_lists = {each.name for each in form.entities} - inside

    def program(self) -> Program:
        for each in _nodes(self._form):
            logic = Logic()
            for kind, text in _texts(each):
                self._one(each, logic, kind, text)
            for text in filter(None, self._form.events.get(each.path, ())):
                self._event(each, text)
            if logic != Logic() or logic.uncertain or any(getattr(logic, kind) for kind in (*KINDS, "count", "offer")):
                self._made.nodes[each.path] = logic
        for each in self._form.fields:
            if each.type == REPEAT and each.count:
                self._steady(each)
        self._made.unsteady = self._made.needs_any(CLOCK, LANGUAGE, ZONE)
        return self._made

    def _one(self, source: Field, logic: Logic, kind: str, text: str) -> None:
        named: Mapping[str, str] = {}
        try:
            rule = self._compiler.rule(text, source.path)
            reason = self._reason(source, kind, rule)
        except Unsupported as error:
            rule, reason, named = None, error.reason, error.named
        except Exception as mistake:  # noqa: BLE001  # ours
            tell(mistake, source.path)
            rule, reason = None, MISTAKEN
        lists = rule.lists if rule else frozenset()
        self._made.expressions.append(Expression(source.path, kind, text, reason, lists, named))
        if kind == "relevant" and (rule is None or reason):
            logic.uncertain = True
        if rule is None:
            return
        if kind == "calculate":
            logic.calculate, logic.recomputed = rule, not reason
        elif kind == "choices" and not reason and source.itemset is not None:
            logic.offer = Offer(rule, tuple(source.itemset.value.split("/")))
        elif kind in (*KINDS, "count") and not reason and (kind != "required" or _can_be_required(source)):
            setattr(logic, kind, rule)

    def _event(self, source: Field, text: str) -> None:
        """What was put in when something happened is no more to be had than what `once` gave; that it is understood is
        worth knowing all the same."""
        self._one(source, Logic(), "setvalue", text)
        told = self._made.expressions[-1]
        absent = steady.absent(text, self._compiler.known) if told.because == PUT_IN else ""
        if absent:
            self._made.expressions[-1] = replace(told, because=ABSENT, named={"path": absent})

    def _of_event(self, source: Field, rule: Rule) -> str:
        asked = next((NOT_RECOMPUTED[need] for need in sorted(rule.needs & NOT_RECOMPUTED.keys())), "")
        if attributes.is_one(source.path):
            return asked or NOT_RECOMPUTED[ONCE]
        return NOT_RECOMPUTED[PHONE] if PHONE in rule.needs else PUT_IN

    def _steady(self, repeat: Field) -> None:
        """Note how many rows there may be where the count cannot ever have been higher."""
        logic = self._made.nodes[repeat.path]
        asked = steady.calculated(self._form, repeat)
        behind = self._made.nodes.get(asked.path) if asked else None
        rules = (logic.count, *((behind.calculate,) if behind else ()))
        known = all(rule is not None and not rule.needs and not rule.lists for rule in rules)
        if known and (behind is None or behind.recomputed) and steady.is_steady(self._form, repeat, asked):
            logic.kept = self._form.rows.get(repeat.path, 1)

    def _reason(self, source: Field, kind: str, rule: Rule) -> str:
        """Why a compiled expression is not checked all the same; '' if it is."""
        if rule.lists & self._entity_lists:
            return ENTITIES
        if kind in KINDS and source.path in self._ignored:
            return LOOSE
        if kind == "setvalue":
            return self._of_event(source, rule)
        needs = rule.needs if kind == "calculate" else rule.needs - {CLOCK}
        needs = needs - {ORDER} if kind == "choices" else needs
        for need in sorted(needs & NOT_RECOMPUTED.keys()):
            return NOT_RECOMPUTED[need]
        if kind == "calculate" and source.path in self._form.events:
            return PUT_IN
        if kind == "calculate" and source.control and source.readonly in ("", "false()"):
            return EDITABLE
        if kind in ("required", "constraint") and attributes.is_one(source.path):
            return UNASKED
        return SEARCHED if kind == "choices" and "search(" in source.appearance else ""


def _nodes(form: Form) -> tuple[Field, ...]:
    return (*form.fields, *form.attributes)


def _can_be_required(source: Field) -> bool:
    """Whether an answer can be insisted on at all: somebody is asked, and can answer."""
    return bool(source.control) and not _loses_its_default(source)


def _loses_its_default(source: Field) -> bool:
    """JavaRosa counts a select as answered whose default is no choice, or none after filtering, and sends it empty.

    What is filtered is looked at with the other answers.
    """
    if source.control not in _CHOOSING or source.itemset is not None:
        return False
    known = {choice.name for choice in source.choices or ()}
    return not known.issuperset(source.default.split())


def _texts(source: Field) -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        text = getattr(source, kind)
        if text:
            yield kind, text
    if source.type == REPEAT and source.count:
        yield "count", source.count
    if source.itemset is not None:
        yield "choices", source.itemset.nodeset
