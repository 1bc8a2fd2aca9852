#!/usr/bin/env python3
"""Hold syslog messages against the grammar of RFC 5424 section 6, with nothing assumed.

usage: rfc5424_check.py < MESSAGES, each behind its length
in decimal and a blank (the octet counting of RFC 6587)

Prints a line for each message: msgid, severity, and the parameters, unescaped, as a JSON object.
Exits with 1 where one is wrong.
"""
import datetime
import json
import re
import sys

PRINTABLE = rb"[\x21-\x7e]"
HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>([1-9][0-9]{0,2}) "
    rb"(-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|"
    rb"[+-][0-9]{2}:[0-9]{2})) "
    rb"(" + PRINTABLE + rb"{1,255}) (" + PRINTABLE + rb"{1,48}) (" + PRINTABLE + rb"{1,128}) (" +
    PRINTABLE + rb"{1,32}) ")
NAME = rb"[\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}"  # no =, blank, ] or "
PARAM = re.compile(rb" (" + NAME + rb")=\"((?:[^\"\\\]]|\\[\"\\\]])*)\"")
ELEMENT = re.compile(rb"\[(" + NAME + rb")")
BOM = b"\xef\xbb\xbf"


class Wrong(Exception):
    pass


def check_text(data, what):
    text = data.decode("utf-8")  # fails where it is none
    if any(ord(c) < 0x20 or 0x7f <= ord(c) <= 0x9f for c in text):
        raise Wrong(f"control character in {what}: {data!r}")
    return text


def parse_element(data):
    head = ELEMENT.match(data)
    if not head:
        raise Wrong(f"no SD-ELEMENT: {data[:40]!r}")
    if b"@" in head[1] and not re.fullmatch(rb"[^@]+@[0-9]+", head[1]):
        raise Wrong(f"no SD-ID: {head[1]!r}")
    at, params = head.end(), {}
    while found := PARAM.match(data, at):
        value = check_text(re.sub(rb"\\([\"\\\]])", rb"\1", found[2]), "PARAM-VALUE")
        params.setdefault(found[1].decode(), value)
        at = found.end()
    if data[at:at + 1] != b"]":
        raise Wrong(f"no end of SD-ELEMENT: {data[at:at + 40]!r}")
    return head[1], params, data[at + 1:]


def parse(message):
    head = HEADER.match(message)
    if not head:
        raise Wrong("no HEADER")
    pri = int(head[1])
    if pri > 191 or head[2] != b"1":
        raise Wrong("PRI or VERSION")
    datetime.datetime.fromisoformat(head[3].decode().replace("Z", "+00:00"))
    rest, elements = message[head.end():], {}
    if rest[:1] == b"-":
        rest = rest[1:]
    else:
        while rest[:1] == b"[":
            name, params, rest = parse_element(rest)
            if name in elements:
                raise Wrong(f"SD-ID twice: {name!r}")
            elements[name] = params
        if not elements:
            raise Wrong("no STRUCTURED-DATA")
    if rest:
        if rest[:1] != b" ":
            raise Wrong("no SP before MSG")
        text = rest[1:]
        if text.startswith(BOM):
            check_text(text[3:], "MSG")
        elif any(byte >= 0x80 or byte < 0x20 for byte in text):
            raise Wrong("MSG is neither printable ASCII nor begun by a BOM")
        elif not text:
            raise Wrong("SP, and no MSG")
    if len(message) > 2048:
        raise Wrong(f"{len(message)} bytes")
    return head[7].decode(), pri, elements


def messages(data):
    while data:
        count = re.match(rb"([1-9][0-9]*) ", data)
        if not count:
            raise Wrong(f"no MSG-LEN: {data[:40]!r}")
        end = count.end() + int(count[1])
        if end > len(data):
            raise Wrong(f"cut: {data[:40]!r}")
        yield data[count.end():end]
        data = data[end:]


def main():
    try:
        for message in messages(sys.stdin.buffer.read()):
            msgid, pri, elements = parse(message)
            if pri >> 3 != 2 or set(elements) != {b"smtpwatch@32473"}:
                raise Wrong("facility or SD-ID")
            print(msgid, pri & 7, json.dumps(elements[b"smtpwatch@32473"], sort_keys=True))
    except (Wrong, ValueError) as e:
        print(f"wrong: {e}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
