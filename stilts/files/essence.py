"""The essence of code: its statements as text, without what changes no result.

Written from the syntax tree, so that comments and layout are no part of it, and by hand rather than
by `ast.dump` or `ast.unparse`, whose form differs between versions of Python.
"""

import ast
from collections.abc import Callable, Iterable, Iterator

# Says what a dotted name stands for, or None where it is no name of a module.
Refer = Callable[[tuple[str, ...]], str | None]

_NO_FIELDS = {"ctx", "kind", "type_comment"}
_LOGS = {"log", "logger", "logging"}
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
_NOTHING = ast.Pass | ast.Import | ast.ImportFrom  # what an import brings, names refer to
_OWN_NAMES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def essence(statements: Iterable[ast.stmt], refer: Refer) -> str:
    """Return the text of statements; equal texts do the same if their names mean the same.

    Left out are docstrings, imports (a name says what it stands for, through `refer`), `pass`, what
    is for types only, and words: calls of a log and of `warnings.warn`, the message of an `assert`,
    the arguments of what a `raise` calls, and what it calls where that is no class but a function
    that finds the words. They are left out even where one has an effect of its own.

    Args:
        statements: of one module, in order.
        refer: asked for each dotted name that is no local variable of a function.
    """
    statements = list(statements)
    writer = _Writer(refer, statements)
    writer.put(statements)
    return "".join(writer.parts)


def for_results(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body, without docstrings, words and what is for types only."""
    for statement in body:
        if _for_types(statement):
            yield from for_results(statement.orelse)
        elif not (isinstance(statement, ast.Expr) and _only_says(statement.value)):
            yield statement


def below(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements `for_results` of a body and those inside them."""
    for statement in for_results(body):
        yield statement
        for part in (
            statement,
            *getattr(statement, "handlers", ()),
            *getattr(statement, "cases", ()),
        ):
            for name in ("body", "orelse", "finalbody"):
                yield from below(getattr(part, name, ()))


def _for_types(node: ast.AST) -> bool:
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def _only_says(node: ast.expr) -> bool:
    """Return whether an expression only tells a reader something: a docstring, a line of a log."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Constant)
    called, owner = node.func, getattr(node.func, "value", None)
    name = getattr(owner, "id", getattr(owner, "attr", ""))
    return isinstance(called, ast.Attribute) and (
        (name, called.attr) == ("warnings", "warn")
        or (called.attr in _LEVELS and name.strip("_").lower() in _LOGS)
    )


class _Writer:
    def __init__(self, refer: Refer, statements: list[ast.stmt]):
        self.parts: list[str] = []
        self._refer = refer
        self._local: list[set[str]] = []  # variables of the functions around
        self._shared = set(_shared(statements))
        self._special = {
            ast.Constant: self._constant,
            ast.JoinedStr: self._joined,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Raise: self._raise,
            ast.Assert: self._assert,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
        }

    def put(self, value: object) -> None:
        """Write a node, a list of nodes, or the plain value of a field."""
        if isinstance(value, list):
            self.parts.append("[")
            body = value and isinstance(value[0], ast.stmt)
            for item in for_results(value) if body else value:
                if not isinstance(item, _NOTHING):
                    self.put(item)
                    self.parts.append(",")
            self.parts.append("]")
        elif isinstance(value, ast.AST):
            self._special.get(type(value), self._plain)(value)
        else:
            self.parts.append(ascii(value))

    def _plain(self, node: ast.AST) -> None:
        # Fields without a value are left out: newer versions of Python have more of them.
        self.parts.append(f"{type(node).__name__}(")
        for field in node._fields:
            value = getattr(node, field, None)
            if value is not None and value != [] and field not in _NO_FIELDS:
                self.parts.append(f"{field}=")
                self.put(value)
        self.parts.append(")")

    def _constant(self, node: ast.Constant) -> None:
        self.put(node.value)

    def _joined(self, node: ast.JoinedStr) -> None:
        # Versions of Python cut the text between the braces into different pieces.
        text = ""
        self.parts.append("f[")
        for value in node.values:
            if isinstance(value, ast.Constant):
                text += value.value
            else:
                self.put(text)
                self.put(value)
                text = ""
        self.put(text)
        self.parts.append("]")

    def _name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.parts.append(f"{node.id}=")
        self._dotted((node.id,))

    def _attribute(self, node: ast.Attribute) -> None:
        names, owner = [node.attr], node.value
        while isinstance(owner, ast.Attribute):
            names.append(owner.attr)
            owner = owner.value
        if isinstance(owner, ast.Name):
            self._dotted((owner.id, *reversed(names)))
        else:
            self.put(owner)
            self.parts.append("".join(f".{name}" for name in reversed(names)))

    def _dotted(self, names: tuple[str, ...]) -> None:
        local = names[0] not in self._shared and any(names[0] in own for own in self._local)
        known = None if local else self._refer(names)
        self.parts.append(f"<{known or '.'.join(names)}>")

    def _call(self, node: ast.Call) -> None:
        if _only_says(node):
            self.put(node.func)
        else:
            self._plain(node)

    def _raise(self, node: ast.Raise) -> None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        self.parts.append("Raise(")
        if raised is not node.exc and _finds_words(raised):
            refer, self._refer = self._refer, lambda names: None
            self.put(raised)
            self._refer = refer
        else:
            self.put(raised)
        self.put(node.cause)
        self.parts.append(")")

    def _assert(self, node: ast.Assert) -> None:
        self.parts.append("Assert(")
        self.put(node.test)
        self.parts.append(")")

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.parts.append(f"{type(node).__name__}({node.name}")
        for around in (node.decorator_list, node.args, node.returns):
            self.put(around)
        self.put(getattr(node, "type_params", []))
        self._inside(node.args, node.body)

    def _lambda(self, node: ast.Lambda) -> None:
        self.parts.append("Lambda(")
        self.put(node.args)
        self._inside(node.args, node.body)

    def _inside(self, arguments: ast.arguments, body: list[ast.stmt] | ast.expr) -> None:
        self._local.append(_variables(arguments, body))
        self.put(body)
        self._local.pop()
        self.parts.append(")")


def _finds_words(called: ast.expr) -> bool:
    """Return whether a `raise` calls a function: its name starts with a small letter."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.attr.strip("_")[:1].islower()
    return isinstance(called, ast.Name) and called.id.strip("_")[:1].islower()


def _shared(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that some function in the statements shares with the module, or imports."""
    for statement in below(statements):
        if isinstance(statement, ast.Global):
            yield from statement.names
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name.split(".")[0]


def _variables(arguments: ast.arguments, body: list[ast.stmt] | ast.expr) -> set[str]:
    """Return names that are a function's own; not all of them, but no other."""
    found = {
        argument.arg
        for argument in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        )
        if argument
    }
    waiting: list[ast.AST] = list(body) if isinstance(body, list) else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found.add(node.id)
        elif not isinstance(node, _OWN_NAMES):
            waiting += ast.iter_child_nodes(node)
    return found
