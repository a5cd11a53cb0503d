"""Writes what Jinja2 makes of the templates in tests/Ouro.Laws/Text/Templates, set as Hugging Face's library sets it.

Needs Python 3.11 and Jinja2 3.1.6. Usage: python3 reference.py

language.jsonl keeps its templates and gets a text, or the word error, for each; expressions.jsonl is generated from a fixed seed;
prompts.jsonl has every sample with every conversation.
"""
import datetime
import json
import pathlib
import random

import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

assert jinja2.__version__ == "3.1.6"
FOLDER = pathlib.Path(__file__).parent / "../../Ouro.Laws/Text/Templates"
NOW = datetime.datetime(2024, 7, 6, 9, 5, 3)
SHARED = json.loads((FOLDER / "shared.json").read_text("utf-8"))


class Generation(jinja2.ext.Extension):
    """Hugging Face's block around what the model wrote: a scope of its own, printed as it is."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_print"), [], [], body).set_lineno(line)

    def _print(self, caller):
        return caller()


class Refusal(Exception):
    pass


def refuse(message):
    raise Refusal(message)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    made = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.LoopControlExtension])
    made.filters["tojson"] = to_json
    made.globals["raise_exception"] = refuse
    made.globals["strftime_now"] = NOW.strftime
    return made


def outcome(template, context):
    try:
        return {"text": environment().from_string(template).render(**context)}
    except Refusal as refusal:
        return {"error": "refusal", "message": str(refusal)}
    except (jinja2.TemplateError, TypeError, ValueError, ZeroDivisionError, OverflowError, AttributeError):
        return {"error": "error"}


class Expressions:
    """Random expressions by type, so that most of them have a value."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, *choices):
        return self.random.choice(choices)

    def any(self, depth):
        return self.one_of(self.number, self.text, self.list, self.flag, self.dictionary)(depth)

    def number(self, depth):
        if depth <= 0:
            return self.one_of("n", "0", "7", "3", "12", "(-5)", "100")
        inner, other = self.number(depth - 1), self.number(depth - 1)
        return self.one_of(
            f"({inner} {self.one_of('+', '-', '*')} {other})", f"({inner} {self.one_of('//', '%')} {self.one_of('3', '7', '(-4)')})",
            f"({self.text(depth - 1)}|length)", f"({self.list(depth - 1)}|length)", f"({inner}|abs)", f"[{inner}, {other}]|{self.one_of('min', 'max', 'sum', 'first', 'last')}",
            f"(d.n + {inner})", f"({inner} if {self.flag(depth - 1)} else {other})", f"(-{inner})", f"{self.text(depth - 1)}.find('a')", f"('4' ~ {inner})|int")

    def text(self, depth):
        if depth <= 0:
            return self.one_of("s", "'a'", "'Ab c'", "''", "' x '", "'a,b,c'", "messages[0].content", "t", "d.name", r"'q\"\'\n'")
        inner, other = self.text(depth - 1), self.text(depth - 1)
        return self.one_of(
            f"({inner} + {other})", f"({inner} ~ {self.number(depth - 1)})", f"({inner}|{self.one_of('upper', 'lower', 'trim', 'capitalize', 'title')})",
            f"{inner}.{self.one_of('strip()', 'upper()', 'lower()', 'rstrip()', 'lstrip()')}", f"{inner}.replace('a', {other})",
            f"({inner})[{self.number(0)}:{self.one_of('', '5', '-1')}]", f"({self.list(depth - 1)}|join({self.one_of(chr(39) + '-' + chr(39), 's')}))",
            f"({self.any(depth - 1)}|tojson)", f"({inner} if {self.flag(depth - 1)} else {other})", f"({self.number(depth - 1)}|string)",
            f"({inner} or {other})", f"({inner} and {other})", f"({self.any(0)}|default({other}))", f"{inner}.split({self.one_of('', chr(39) + ',' + chr(39))})|last|default('none')")

    def list(self, depth):
        if depth <= 0:
            return self.one_of("l", "[]", "[3, 1, 2]", "['b', 'a']", "(messages|map(attribute='role')|list)", "d.l")
        inner, other = self.list(depth - 1), self.list(depth - 1)
        return self.one_of(
            f"[{self.any(depth - 1)}, {self.any(depth - 1)}]", f"({inner} + {other})", f"{self.text(depth - 1)}.split({self.one_of('', chr(39) + ',' + chr(39), chr(39) + 'a' + chr(39))})",
            f"({inner})[{self.number(0)}:]", f"({inner})[::-1]", f"({inner}|map('string')|list)", f"({inner}|select('string')|list)", f"({inner}|reject('none')|list)",
            f"range({self.one_of('3', '1, 4')})|list", f"({self.text(depth - 1)}|list)", f"({inner}|map('string')|sort)", f"({inner}|map('string')|unique|list)", f"({inner} if {self.flag(depth - 1)} else {other})", "d.keys()|list")

    def dictionary(self, depth):
        if depth <= 0:
            return self.one_of("d", "{}", "{'a': 1}", "messages[0]")
        return self.one_of(f"{{'k': {self.any(depth - 1)}, 'm': {self.any(depth - 1)}}}", f"dict(k={self.any(depth - 1)})")

    def flag(self, depth):
        if depth <= 0:
            return self.one_of("true", "false", "b", "n is even", "s is string", "missing is defined", "none is none")
        return self.one_of(
            f"({self.number(depth - 1)} {self.one_of('<', '<=', '>', '>=', '==', '!=')} {self.number(depth - 1)})", f"({self.text(depth - 1)} {self.one_of('==', '!=', 'in', 'not in')} {self.text(depth - 1)})",
            f"({self.any(0)} in {self.list(depth - 1)})", f"(not {self.flag(depth - 1)})", f"({self.flag(depth - 1)} {self.one_of('and', 'or')} {self.flag(depth - 1)})",
            f"({self.any(depth - 1)} is {self.one_of('', 'not ')}{self.one_of('string', 'mapping', 'number', 'iterable', 'none', 'defined', 'boolean')})", f"{self.text(depth - 1)}.startswith({self.text(0)})")


def write(name, lines):
    (FOLDER / name).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


language = [json.loads(line) for line in (FOLDER / "language.jsonl").read_text("utf-8").splitlines()]
write("language.jsonl", [{"template": case["template"], **outcome(case["template"], SHARED)} for case in language])

generator, expressions = Expressions(20240706), []
while len(expressions) < 400:
    template = "{{ " + generator.any(3) + " }}"
    found = outcome(template, SHARED)
    if found.get("text") and len(template) < 400 and all(template != known["template"] for known in expressions):
        expressions.append({"template": template, **found})
write("expressions.jsonl", expressions)

conversations = json.loads((FOLDER / "conversations.json").read_text("utf-8"))
write("prompts.jsonl", [
    {"sample": sample.name, "conversation": conversation["name"], **outcome(sample.read_text("utf-8"), conversation["context"])}
    for sample in sorted((FOLDER / "samples").glob("*.jinja")) for conversation in conversations])
