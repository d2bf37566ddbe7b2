"""What a reader sees of a macro's parameters: titles, texts, addresses, and what they refer to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from confluence_to_twig.content.nodes import MAX_INNER_DEPTH, Node
from confluence_to_twig.content.parameter_kinds import (
    ParameterKind,
    parameter_kind,
    plain_json,
    plain_words,
    without_secrets,
)
from confluence_to_twig.content.storage.links import absolute, clean_url, link, resolve_link
from confluence_to_twig.content.storage.parse import parse_storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confluence_to_twig.content.storage.resolution import Replacement, Resolution

_MAX_JSON_CHARS = 1_000_000
_MAX_JSON_ITEMS = 2_000
_MAX_JSON_DEPTH = 12
#: Not shown, or only where there is nothing else.
_UNSEEN = frozenset({ParameterKind.MACHINE, ParameterKind.FILE})
_MARKUP = ("</", "/>", "<br>")


@dataclass
class Shown:
    """The shown parameters of one macro by kind."""

    titles: list[str] = field(default_factory=list)
    texts: list[Replacement] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    references: list[Replacement] = field(default_factory=list)
    lists: list[Node] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.titles or self.texts or self.asides or self.urls or self.files or self.references or self.lists
        )


def shown_parameters(macro: Node, state: Resolution, *, guess: bool = True) -> Shown:
    """The shown parameters of a macro of storage format.

    :param guess: whether the value of a parameter decides where its name says nothing.
    """
    parameters = [(child.get("ac:name"), child) for child in macro.elements() if child.tag == "ac:parameter"]
    return _collected(parameters, state, guess=guess)


def shown_attributes(extension: Node, state: Resolution) -> Shown:
    """The same of an extension of the new editor, whose parameters stand in one another.

    Its own attribute ``text`` is what editors show of an extension that they do not know, and no part of it.
    """
    leaves = (
        (node.get("key"), node)
        for node in extension.walk()
        if node.tag in {"ac:adf-parameter", "ac:adf-attribute"}
        and node.first("ac:adf-parameter") is None
        and not (node.tag == "ac:adf-attribute" and node.get("key") == "text")
    )
    return _collected(leaves, state, guess=True)


def _collected(parameters: Iterable[tuple[str, Node]], state: Resolution, *, guess: bool) -> Shown:
    shown = Shown()
    data: list[str] = []
    seen = {""}
    for name, node in parameters:
        references = [child for child in node.elements() if child.tag.startswith("ri:") or child.tag == "ac:link"]
        if not guess:  # the macro's rule follows its references
            references = [child for child in references if child.tag == "ri:url"]
        for reference in references:
            _add_reference(shown, reference, state)
        value = node.text().strip()
        if not references and value not in seen:
            kind = parameter_kind(name, value, guess=guess)
            if kind not in _UNSEEN:  # a title may be the same as a name that nobody sees
                seen.add(value)
            if kind is ParameterKind.DATA:
                data.append(value)
            else:
                _add(shown, kind, value, state)
    for items in (json_items(value, known=shown.titles) for value in data):  # a title may stand behind them
        shown.lists += [Node("ul", {}, items)] if items else []
    return shown


def _add_reference(shown: Shown, node: Node, state: Resolution) -> None:
    if node.tag == "ri:url":
        shown.urls.append(node.get("ri:value"))
    elif node.tag != "ri:space":
        as_link = Node("ac:link", {}, [node]) if node.tag != "ac:link" else state.resolve(node, state)
        shown.references.append(resolve_link(as_link, state))


def _add(shown: Shown, kind: ParameterKind, value: str, state: Resolution) -> None:
    if kind is ParameterKind.TITLE:
        shown.titles.append(plain_words(value))
    elif kind is ParameterKind.TEXT:
        shown.texts.append(_text(plain_words(value), state))
    elif kind is ParameterKind.ASIDE:
        shown.asides.append(value)
    elif kind is ParameterKind.ADDRESS:
        shown.urls.append(absolute(without_secrets(value), state.context))
    elif kind is ParameterKind.FILE:
        shown.files.append(value)


def _text(value: str, state: Resolution) -> Replacement:
    """A text with its line breaks; some macros keep HTML in a parameter."""
    if any(mark in value for mark in _MARKUP):
        return state.resolve(parse_storage(value, MAX_INNER_DEPTH).root, state).children
    children: Replacement = []
    for line in value.splitlines():
        children += [line, Node("br")]
    return children[:-1]


def json_items(value: str, known: Iterable[str] = ()) -> list[Node | str]:
    """The texts of a JSON value as nested list items: each object's title, with its other texts behind it.

    :param known: titles that are shown already: an object of that title gives only what is inside.
    """
    if len(value) > _MAX_JSON_CHARS:
        return []
    try:
        data = json.loads(plain_json(value))
    except (ValueError, RecursionError):
        return []
    return list(_items(data, set(known), [0], 0))


def _items(data: Any, known: set[str], made: list[int], depth: int) -> Iterator[Node]:
    if depth > _MAX_JSON_DEPTH or made[0] >= _MAX_JSON_ITEMS:
        return
    if isinstance(data, list):
        for part in data:
            yield from _items(part, known, made, depth + 1)
        return
    if not isinstance(data, dict):
        return
    heads, details = _said(data)
    inner = [
        item for part in data.values() if isinstance(part, dict | list) for item in _items(part, known, made, depth + 1)
    ]
    heads = [head for head in heads if head not in known]
    if not heads and not details:
        yield from inner
        return
    made[0] += 1
    words = ": ".join([*heads, *([", ".join(details)] if details else [])])
    yield Node("li", {}, [words, *([Node("ul", {}, list(inner))] if inner else [])])


def _said(data: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What an object is called, and what else it says."""
    heads: list[str] = []
    details: list[str] = []
    for key, value in data.items():
        if not isinstance(value, str) or not (text := " ".join(value.split())):
            continue
        kind = parameter_kind(key, text)
        if kind is ParameterKind.TITLE or (key.lower() in {"name", "label"} and kind is not ParameterKind.DATA):
            heads.append(text)
        elif kind in {ParameterKind.TEXT, ParameterKind.ASIDE, ParameterKind.ADDRESS}:
            details.append(without_secrets(text) if kind is ParameterKind.ADDRESS else text)
    return heads[:1], [*heads[1:], *details]


def beside(shown: Shown) -> Shown:
    """The texts of a footnote or tooltip, which stand in brackets behind what they are about."""
    if shown.asides:
        return shown
    return replace(shown, texts=[], asides=[Node("", {}, text).text() for text in shown.texts])


def as_blocks(shown: Shown, body: Replacement) -> Replacement:
    """The title in bold, texts, the macro's own body, and addresses, one below the other."""
    if not shown:
        return body
    shown = _linked(shown)
    title: Replacement = [part for text in shown.titles for part in _titled(text, shown, body)]
    blocks = [Node("p", {}, text) for text in shown.texts]
    asides = [Node("p", {}, [f"({text})"]) for text in shown.asides]
    rest: list[Replacement] = [*shown.references, *_files(shown, body)]
    references = [Node("p", {}, part) for part in rest]
    return [*title, *blocks, *body, *shown.lists, *references, *asides]


def as_sentence(shown: Shown, body: Replacement) -> Replacement:
    """The same as one piece of text, which stands apart from its neighbours."""
    shown = _linked(shown)
    parts: list[Replacement] = [[title] for title in shown.titles]
    parts += [*shown.texts, *([body] if body else []), *shown.references, *_files(shown, body)]
    parts += [[f"({text})"] for text in shown.asides]
    words: Replacement = []
    for part in parts:
        words += [" ", *part] if words else part
    return [Node("span", {"data-lozenge": ""}, words), *shown.lists] if words else list(shown.lists)


def _titled(title: str, shown: Shown, body: Replacement) -> Replacement:
    followed = body or shown.texts or shown.lists or shown.references or len(shown.titles) > 1
    return [Node("p", {}, [Node("strong", {}, [title])] if followed else [title])]


def _files(shown: Shown, body: Replacement) -> list[Replacement]:
    something = body or shown.titles or shown.texts or shown.references or shown.lists
    return [] if something else [[name] for name in shown.files]


def _linked(shown: Shown) -> Shown:
    """The addresses as links: the first one behind the title, or else the only text, where there is one."""
    if not shown.urls:
        return shown
    urls = list(dict.fromkeys(url for url in shown.urls if clean_url(url)))
    titles, texts = list(shown.titles), list(shown.texts)
    if urls and titles:
        texts.insert(0, link(urls.pop(0), [titles.pop(0)]))
    elif urls and len(texts) == 1 and all(isinstance(part, str) for part in texts[0]):
        texts = [link(urls.pop(0), texts[0])]
    links: list[Replacement] = [link(url, [url]) for url in urls]
    return replace(shown, titles=titles, texts=texts, urls=[], references=[*shown.references, *links])


def missing_in(made: Replacement, shown: Shown) -> Shown:
    """What of the shown titles, texts and addresses does not stand in what a rule made of the macro."""
    if not (shown.titles or shown.texts or shown.asides or shown.urls):
        return Shown()
    visible = " ".join(_visible(made).split())
    return Shown(
        [text for text in shown.titles if not _stands_in(text, visible)],
        [text for text in shown.texts if not _stands_in(Node("", {}, text).text(), visible)],
        [text for text in shown.asides if not _stands_in(text, visible)],
        [url for url in shown.urls if clean_url(url) not in visible],
    )


def _stands_in(text: str, visible: str) -> bool:
    return " ".join(text.split()) in visible


def _visible(made: Replacement) -> str:
    root = Node("", {}, made)
    attributes = (node.get(name) for node in root.walk() for name in ("data-label", "href", "src", "alt"))
    return f"{root.text()} {' '.join(filter(None, attributes))}"
