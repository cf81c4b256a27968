"""YAML read strictly: scalars as written, and every fault with its place.

PyYAML's own constructors turn `00` into 0, `012` into 10, `no` into False and let the second of two equal keys win
silently, and `0` and `00` are just the keys that menus use. So the nodes are composed (by libyaml) and nothing is
constructed: every scalar stays the string that its author wrote, and the model says what it must be.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    CSafeLoader,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
)
from yaml.reader import ReaderError

M = TypeVar("M", bound=BaseModel)
Loc = tuple[str | int, ...]
Tree = str | None | list["Tree"] | dict[str, "Tree"]
MAX_OCTETS = 4 * 1024 * 1024
MAX_DEPTH = 32
"""Collections within collections: libyaml's binding composes them by recursion, without a guard of its stack."""

_PLAIN = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
)
"""The tags that PyYAML itself gives to what carries none."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of a file, at its place; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str
    rule: str = field(default="", compare=False)
    """What of the file is wrong: `yaml`, `shape`, or the check that found it."""
    hint: str = field(default="", compare=False)
    """What its author may do about it."""

    def __str__(self) -> str:
        """As compilers print it."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class FileError(Exception):
    """Every fault of one or more files, in their order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Sort the faults and drop those said twice."""
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Document:
    """A file as data, and where each part of it stands."""

    file: str
    data: Tree
    values: Mapping[Loc, tuple[int, int]] = field(default_factory=dict)
    keys: Mapping[Loc, tuple[int, int]] = field(default_factory=dict)

    def fault(self, loc: Loc, message: str, rule: str = "shape", hint: str = "", *, at_key: bool = False) -> Fault:
        """A fault at `loc`, or at the nearest part around it that is written in the file."""
        known: Loc = ()
        for part in loc:
            known = (*known, part) if (*known, part) in self.values else known
        line, column = (self.keys if at_key and known in self.keys else self.values).get(known, (1, 1))
        return Fault(self.file, line, column, message, rule, hint)

    def faults_of(self, error: ValidationError) -> list[Fault]:
        """What the model refused, at its places."""
        errors = error.errors(include_url=False)
        around = {one["loc"][:end] for one in errors for end in range(len(one["loc"]))}
        # Where all items of a list are refused, pydantic finds that it has too few of them, too.
        said = (one for one in errors if one["type"] != "too_short" or one["loc"] not in around)
        return [self._fault_of(one["type"], one["loc"], one["msg"]) for one in said]

    def _fault_of(self, kind: str, loc: Loc, said: str) -> Fault:
        match kind:
            case "missing":
                return self.fault(loc[:-1], f"missing field: {loc[-1]}", hint=f"add `{loc[-1]}:`")
            case "extra_forbidden":
                hint = "take it away, or mend its spelling"
                return self.fault(loc, f"unknown field: {loc[-1]}", hint=hint, at_key=True)
            case "too_short":
                return self.fault(loc, "at least one is needed here", hint="add one")
            case _:
                here = tuple(part for part in loc if part != "[key]")
                hint = "the file's JSON Schema says what may stand here, as in an editor"
                return self.fault(here, said, hint=hint, at_key=loc[-1:] == ("[key]",))

    def checked(self, model: type[M]) -> M:
        """The file as a model, or FileError with all its faults."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise FileError(self.faults_of(error)) from None


class _Reader:
    """One walk over the nodes of a file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[Loc, tuple[int, int]] = {}
        self.keys: dict[Loc, tuple[int, int]] = {}
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def read(self, node: Node, loc: Loc = ()) -> Tree:
        self.values[loc] = _place(node)
        if id(node) in self._seen:  # an alias, which is a fault already, and may be one of a node around it
            return None
        self._seen.add(id(node))
        if node.tag not in _PLAIN:
            self._refuse(node, f"a tag: {node.tag}", "scalars are taken as they are written; take it away")
            return None
        match node:
            case MappingNode():
                return self._mapping(node, loc)
            case SequenceNode():
                return [self.read(child, (*loc, index)) for index, child in enumerate(node.value)]
            case ScalarNode():
                return _scalar(node)
            case _:
                raise AssertionError(node)

    def _mapping(self, node: MappingNode, loc: Loc) -> Tree:
        found: dict[str, Tree] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self._refuse(key, "a key must be plain", "write each key as one word, and no `<<`")
            elif key.value in found:
                first = self.keys[(*loc, key.value)][0]
                self._refuse(key, f"the key {key.value} is here twice, first in line {first}", "keep one of the two")
            else:
                self.keys[(*loc, key.value)] = _place(key)
                found[key.value] = self.read(value, (*loc, key.value))
        return found

    def _refuse(self, node: Node, message: str, hint: str) -> None:
        self.faults.append(Fault(self.file, *_place(node), message, "yaml", hint))


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(node: ScalarNode) -> str | None:
    # libyaml's style of a plain scalar is empty, PyYAML's own is None.
    return None if not node.style and node.tag == "tag:yaml.org,2002:null" else str(node.value)


def read(path: Path, name: str | None = None) -> Document:
    """Read one file; its faults are reported under `name`, or as the path is given. Raises FileError."""
    file = name or str(path)
    try:
        octets = path.read_bytes()
    except OSError as fault:
        said, hint = f"cannot be read: {fault.strerror}", "look at its name, and at who may read it"
        raise FileError([Fault(file, 1, 1, said, "yaml", hint)]) from None
    return parse(octets, file)


def parse(octets: bytes, file: str) -> Document:
    """Read the octets of one file. Raises FileError."""
    if len(octets) > MAX_OCTETS:
        raise FileError([Fault(file, 1, 1, f"larger than {MAX_OCTETS} octets", "yaml", "make several files of it")])
    try:
        text = octets.decode("utf-8-sig")
        faults = list(_overlooked(text, file))
        root = yaml.compose(text, Loader=CSafeLoader)
    except UnicodeDecodeError as fault:
        line = octets.count(b"\n", 0, fault.start) + 1
        raise FileError([Fault(file, line, 1, "not UTF-8", "yaml", "save the file as UTF-8")]) from None
    except ReaderError as fault:
        line = octets.count(b"\n", 0, fault.position) + 1
        raise FileError([Fault(file, line, 1, "a character that is not YAML", "yaml", "take it away")]) from None
    except yaml.MarkedYAMLError as fault:
        mark: Any = fault.problem_mark or fault.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said, hint = f"not YAML: {fault.problem or fault.context}", "look at indentation and quotes, here and above"
        raise FileError([Fault(file, line, column, said, "yaml", hint)]) from None
    reader = _Reader(file)
    data = {} if root is None else reader.read(root)
    if faults := [*faults, *reader.faults]:
        raise FileError(faults)
    return Document(file, data, reader.values, reader.keys)


def _overlooked(text: str, file: str) -> Iterator[Fault]:
    """What nodes do not tell: where an alias stands. Raises FileError for what is nested too deep to be composed."""
    depth = 0
    for event in yaml.parse(text, Loader=CSafeLoader):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        mark: Any = event.start_mark
        if isinstance(event, AliasEvent):
            hint = "write here what stands at its anchor"
            yield Fault(file, mark.line + 1, mark.column + 1, "an alias: write it out", "yaml", hint)
        if depth > MAX_DEPTH:
            hint = "nothing here needs more than a few levels"
            raise FileError([Fault(file, mark.line + 1, mark.column + 1, "nested too deep", "yaml", hint)])
