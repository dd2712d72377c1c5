#!/usr/bin/env python3
"""Run pytest and record which functions of a package call which. Used by call_recall.py; needs Python 3.12.

usage: call_recorder.py OUTPUT FOLDER[:FOLDER ...] [PYTEST-ARGUMENT ...]

Counted are code objects whose file is below one of the folders. A pair is recorded when a frame starts (`frame`: the
caller is the Python frame below, so C code in between does not show, as in `sorted(key=f)`) and when a generator
function or coroutine function is called by name (`create`): its frame starts only when somebody drives it.

The output is JSON: `codes` is a list of [path, qualified name, first line, flags, first line and column of the body],
`edges` a list of [caller, callee, how, line, column, end line, end column] with the place of the call in the caller.
"""

import inspect
import json
import os
import sys
import types

SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
# Functions and call instructions that have shown nothing new so many times in a row are not watched any more, until
# so many tests later everything is watched again. Hot functions would take most of the time otherwise.
PATIENCE = 20_000
TESTS_BETWEEN = 20


class Recorder:
    def __init__(self, folders):
        self.folders = tuple(os.path.realpath(folder) + os.sep for folder in folders)
        # By id, because hashing a code object reads all of it. They are kept, so ids stay theirs.
        self.codes = {}
        self.frames = {}
        self.creations = {}
        self.idle = {}
        self.tests = 0
        # Tests may take it away.
        self.frame_at = sys._getframe

    def is_inside(self, code):
        return os.path.realpath(code.co_filename).startswith(self.folders)

    def start(self):
        monitoring = sys.monitoring
        tool = monitoring.PROFILER_ID
        monitoring.use_tool_id(tool, "call_recorder")
        monitoring.register_callback(tool, monitoring.events.PY_START, self.on_start)
        monitoring.register_callback(tool, monitoring.events.CALL, self.on_call)
        monitoring.set_events(tool, monitoring.events.PY_START | monitoring.events.CALL)

    def stop(self):
        sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)

    def on_start(self, code, _offset):
        callee = id(code)
        if callee not in self.codes:
            if not self.is_inside(code):
                return sys.monitoring.DISABLE
            self.codes[callee] = code
        frame = self.frame_at(1).f_back
        if frame is not None:
            pair = (id(frame.f_code), callee)
            if pair[0] in self.codes and pair not in self.frames:
                self.frames[pair] = frame.f_lasti
                self.idle.pop(callee, None)
                return None
        return self.tired_of(callee)

    def tired_of(self, place):
        self.idle[place] = self.idle.get(place, 0) + 1
        return sys.monitoring.DISABLE if self.idle[place] > PATIENCE else None

    def pytest_runtest_setup(self):
        self.tests += 1
        if self.tests % TESTS_BETWEEN == 0:
            self.idle.clear()
            sys.monitoring.restart_events()

    def on_call(self, code, offset, function, _argument):
        caller = id(code)
        if caller not in self.codes:
            return sys.monitoring.DISABLE
        # By type, because looking attributes up may run code of the package.
        if type(function) is types.MethodType:
            function = function.__func__
        if type(function) is types.FunctionType:
            called = function.__code__
            if called.co_flags & SUSPENDS and self.is_inside(called):
                self.codes.setdefault(id(called), called)
                self.creations.setdefault((caller, id(called)), offset)
                return None
        return self.tired_of((caller, offset))

    def result(self):
        numbers = {identity: number for number, identity in enumerate(self.codes)}
        codes = [describe(code) for code in self.codes.values()]
        edges = []
        for how, pairs in (("frame", self.frames), ("create", self.creations)):
            for (caller, callee), offset in pairs.items():
                place = place_of(self.codes[caller], offset)
                edges.append([numbers[caller], numbers[callee], how, *place])
        return {"python": sys.version.split()[0], "codes": codes, "edges": edges}


def place_of(code, offset):
    """Line, column, end line and end column of the instruction; zeros where CPython does not know."""
    line, end_line, column, end_column = list(code.co_positions())[offset // 2]
    return [line or 0, column or 0, end_line or 0, end_column or 0]


def describe(code):
    places = [(line, column) for line, _, column, end in code.co_positions() if line and end]
    body = min(places, default=(code.co_firstlineno, 0))
    path = os.path.realpath(code.co_filename)
    return [path, code.co_qualname, code.co_firstlineno, code.co_flags, *body]


def main():
    output, folders, *arguments = sys.argv[1:]
    recorder = Recorder(folders.split(os.pathsep))
    sys.argv = ["pytest", *arguments]
    sys.path.pop(0)
    recorder.start()
    try:
        import pytest

        status = pytest.main(arguments, plugins=[recorder])
    finally:
        recorder.stop()
        with open(output, "w", encoding="utf-8") as file:
            json.dump(recorder.result(), file)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
