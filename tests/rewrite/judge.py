"""Runs files before and after a rewrite in a world of made-up modules, and compares what they do.

Every module and every attribute is a `Node` that knows where it really lives: an old path and the new one that
replaces it are one and the same. All calls, attributes and namespaces must agree.
"""

import builtins
import io
import json
import re
import sys
import types


class World:
    def __init__(self, moved):
        self.moved = moved
        self.log = []

    def is_way(self, path):
        """Whether `path` is a module on the way to something that moves."""
        ends = [*self.moved, *self.moved.values()]
        return any(end.startswith(f"{path}.") for end in ends)

    def node(self, path, is_module=False):
        return Node(self, self.moved.get(path, path), is_module)


class Node:
    def __init__(self, world, path, is_module=False):
        self.__dict__.update(world_=world, path_=path, is_module_=is_module)

    def __getattr__(self, name):
        if name.startswith("__") and name != "__make_x":
            raise AttributeError(name)
        node = self.world_.node(f"{self.path_}.{name}")
        if not (self.is_module_ or self.world_.is_way(self.path_) or self.world_.is_way(node.path_)):
            self.world_.log.append(("read", node.path_))
        return node

    def __setattr__(self, name, value):
        self.world_.log.append(("set", self.path_, name, repr(value)))

    def __delattr__(self, name):
        self.world_.log.append(("del", self.path_, name))

    def __call__(self, *args, **kwargs):
        self.world_.log.append(("call", self.path_, repr(args), repr(kwargs)))
        return self.world_.node(f"{self.path_}()")

    def __mro_entries__(self, bases):
        self.world_.log.append(("base", self.path_))
        return ()

    def __getitem__(self, key):
        return self.world_.node(f"{self.path_}[{key!r}]")

    def __repr__(self):
        return f"<{self.path_}>"

    def __format__(self, spec):
        return repr(self)

    def __eq__(self, other):
        return isinstance(other, Node) and self.path_ == other.path_

    def __hash__(self):
        return hash(self.path_)

    def __iter__(self):
        return iter(())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def __or__(self, other):
        return self.world_.node(f"{self.path_}|{other!r}")

    __ror__ = __or__


def importer(world, case):
    def find(name, globals=None, locals=None, fromlist=(), level=0):
        if level:
            parts = case["module"].split(".")
            if not case["package"]:
                parts.pop()
            parts = parts[: len(parts) + 1 - level]
            name = ".".join(parts + ([name] if name else []))
        if fromlist and "*" in fromlist:
            star = types.SimpleNamespace()
            star.__all__ = case["stars"]
            star.__dict__.update({one: world.node(f"{name}.{one}") for one in case["stars"]})
            return star
        if not fromlist:
            name = name.split(".")[0]
        return world.node(name, is_module=True)

    return find


def run(case, text):
    world = World(case["moved"])
    space = {"__name__": case["module"] or "home", "__package__": ""}
    space["__builtins__"] = {**vars(builtins), "__import__": importer(world, case)}
    # A plain import of a dotted module leaves the last part to its attributes.
    code = compile(text, "case", "exec")
    try:
        exec(code, space)
    except Exception as error:
        world.log.append(("raised", type(error).__name__))
    for value in list(space.values()):
        for function in [value, *(vars(value).values() if isinstance(value, type) else [])]:
            if isinstance(function, types.FunctionType):
                call(world, function)
    return world.log, {k: v for k, v in space.items() if not k.startswith("__") or k == "__all__"}


def call(world, function):
    world.log.append(("annotations", repr(getattr(function, "__annotations__", None))))
    count = function.__code__.co_argcount - len(function.__defaults__ or ())
    try:
        result = function(*[world.node(f"argument{at}") for at in range(count)])
        if isinstance(result, (tuple, list)):
            result = [one() if isinstance(one, types.FunctionType) else one for one in result]
        elif isinstance(result, types.FunctionType):
            result = result()
        world.log.append(("returned", show(result)))
    except Exception as error:
        world.log.append(("raised", type(error).__name__))


def show(value):
    if isinstance(value, types.FunctionType):
        return "function"
    if isinstance(value, type):
        own = {k: show(v) for k, v in vars(value).items() if not k.startswith("__")}
        return (value.__name__, own, repr(vars(value).get("__annotations__")))
    if isinstance(value, (Node, int, str, list, tuple, dict, type(None))):
        return repr(value)
    return type(value).__name__


def respelled(text, renames):
    # Where a function lies says nothing.
    text = re.sub("0x[0-9a-f]+", "0x", text)
    for old, new in renames.items():
        text = text.replace(old, new)
    return text


def compare(case):
    log, before = run(case, case["before"])
    new_log, after = run(case, case["after"])
    renames = case["renames"]
    if respelled(repr(log), renames) != respelled(repr(new_log), renames):
        return f"does\n{new_log}\nnot\n{log}"
    for name, value in before.items():
        if case["uses"] and isinstance(value, Node) and value.world_.is_way(value.path_):
            continue
        found = [after[one] for one in (name, renames.get(name)) if one in after]
        if not found:
            return f"`{name}` is gone"
        wanted = respelled(repr(show(value)), renames)
        if all(respelled(repr(show(one)), renames) != wanted for one in found):
            is_module = isinstance(value, Node) and value.is_module_
            if is_module and f"{value.path_}" in str(case["moved"]):
                continue
            return f"`{name}` is {show(found[0])}, was {show(value)}"
    return None


def main():
    ran, skipped, wrong = 0, 0, []
    answer, sys.stdout = sys.stdout, io.StringIO()
    for case in json.load(sys.stdin):
        try:
            compile(case["before"], "case", "exec")
        except SyntaxError:
            skipped += 1
            continue
        ran += 1
        problem = compare(case)
        if problem:
            wrong.append(f"=== {case['name']}: {problem}\n{case['before']}\n{case['after']}")
    print(json.dumps({"ran": ran, "skipped": skipped, "wrong": wrong}), file=answer)


main()
