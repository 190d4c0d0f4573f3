"""YAML text as plain dicts and lists whose every part knows the line it stands on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from attrs import field, frozen

from datalake_aggregation.problems import Findings, Place

LIMIT_BYTES = 256 * 1024
LIMIT_DEPTH = 12
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path = tuple[Any, ...]  # of mapping keys and list positions, from the top of the file
TAG = "tag:yaml.org,2002:"


@frozen
class Scalar:
    """A value as it is written, with the type that YAML reads into it (str, int, bool, …)."""

    text: str
    type: str

    @property
    def as_quoted(self) -> str:
        return f'"{self.text}" is read as {self.type} by YAML; put quotes round it: "{self.text}"'


@frozen
class Document:
    """The content of one file: nested dicts (text keys), lists and scalars, and their places."""

    file: str
    content: Any
    lines: dict[Path, int] = field(repr=False)

    def place(self, path: Path) -> Place:
        """Return where the part at `path` stands, or the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.file, self.lines.get(path, 1))


def read_document(data: bytes, file: str, findings: Findings) -> Document:
    """Read YAML without its traps: no aliases, anchors, tags, merge keys or duplicate keys.

    Raises MappingError at once for text that is not YAML or not safe to build; duplicate and
    unreadable keys are added to `findings`, and the rest is read on.
    """
    node = _compose(_decoded(data, file, findings), file, findings)
    lines: dict[Path, int] = {}
    content = _Build(file, lines, findings).value(node, ()) if node is not None else {}
    return Document(file, content, lines)


def _decoded(data: bytes, file: str, findings: Findings) -> str:
    if len(data) > LIMIT_BYTES:
        findings.stop(
            Place(file),
            f"the file is larger than {LIMIT_BYTES // 1024} KB, the limit for a mapping; "
            "keep only your own entries in it, the shipped ones are always there",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.stop(Place(file, line), "the text is not UTF-8; save the file as UTF-8")


def _compose(text: str, file: str, findings: Findings) -> yaml.Node | None:
    try:
        for line, what in _forbidden(text):
            findings.add(Place(file, line), what)
    except yaml.YAMLError as error:
        findings.stop(*_syntax(error, file, text))
    findings.settle()
    node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    return node


def _forbidden(text: str) -> Iterator[tuple[int, str]]:
    depth, documents = 0, 0
    for event in yaml.parse(text, Loader=LOADER):
        line = _line(event)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > LIMIT_DEPTH:
            yield line, f"more than {LIMIT_DEPTH} levels are nested here; a mapping has at most 4"
            return
        if documents > 1:
            yield line, "a second document begins here; remove the line '---'"
            return
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            yield line, f"aliases are not allowed; write out what *{anchor} stands for"
        elif anchor:
            yield line, f"anchors are not allowed; remove &{anchor}"
        if tag:
            yield line, f"tags are not allowed; remove the one for {tag}"


def _line(part: yaml.Event | yaml.Node) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def _syntax(error: yaml.YAMLError, file: str, text: str) -> tuple[Place, str]:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        return Place(file, line), "a control character stands here; remove it"
    line = error.problem_mark.line + 1
    lines = text.splitlines()
    if line <= len(lines) and "\t" in lines[line - 1]:
        return Place(file, line), "a tab stands here; YAML wants spaces, replace it by spaces"
    start = error.context_mark.line + 1 if error.context_mark else line
    since = f" (begun in line {start})" if start != line else ""
    return Place(file, line), f"this is not YAML: {error.problem}{since}; correct it"


@frozen
class _Build:
    file: str
    lines: dict[Path, int]
    findings: Findings

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, _line(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return Scalar(node.value, node.tag.removeprefix(TAG))

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node)
            key = self.key(key_node, Place(self.file, line))
            if key is None:
                continue
            below = (*path, key)
            if key in content:
                first = self.lines[below]
                what = f'"{key}" is here twice, first in line {first}; join the two'
                self.findings.add(Place(self.file, line), what)
                continue
            self.lines[below] = line
            content[key] = self.value(value_node, below)
        return content

    def key(self, node: yaml.Node, where: Place) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.findings.add(where, "a key must be a word; remove the brackets")
            return None
        key = Scalar(node.value, node.tag.removeprefix(TAG))
        if key.type == "merge":
            self.findings.add(where, "merge keys (<<) are not allowed; write the values out")
            return None
        if key.type != "str":
            self.findings.add(where, key.as_quoted)
            return None
        return key.text
