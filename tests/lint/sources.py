#!/usr/bin/env python3
"""Rules about the sources that no compiler knows. usage: sources.py RULE [BUILD | KIND ...]

Prints file:line and what is wrong, and exits with 1; a figure, where there is one, and 0 otherwise.
"""
import pathlib
import re
import statistics
import subprocess
import sys

LAYERS = {
    "core": {"core"},
    "nids": {"core", "nids"},
    "tls": {"core", "tls"},
    "capture": {"core", "capture"},
    "output": {"core", "output"},
    "daemon": {"core", "nids", "tls", "capture", "output", "daemon"},
}
# A foreign header, the layers that may include it, and in how many files of each.
FOREIGN = [(r"pcap\b.*", {
    "capture": 99,
    "nids": 1
}), (r"nids\.h", {
    "nids": 1
}), (r"openssl/.*", {
    "output": 1,
    "tls": 99
}), (r"(n?curses|term)\.h", {
    "output": 1
}), (r"microhttpd\.h", {
    "output": 1
}), (r"cap-ng\.h", {
    "daemon": 1
}), (r"seccomp\.h", {
    "daemon": 1
}), (r"systemd/.*", {
    "daemon": 1,
    "output": 1
}), (r"(zlib|zstd)\.h", {
    "capture": 1
}),
           (r"(pthread|threads|signal|time|sys/time|stdatomic)\.h", {
               "capture": 99,
               "output": 99,
               "nids": 99,
               "tls": 99,
               "daemon": 99
           }), ]
FUNCTION_MAX, FUNCTION_MEDIAN, FILE_MAX = 70, 15, 650
# The widest line, tabs to each eighth column; of documents so many lines in a hundred may be wider.
COLUMNS_MAX, DOCUMENTS_WIDER = 100, 1
WORDS = [(re.compile(r"\b(TODO|FIXME|XXX)\b"), {"src", "include",
                                                "tests"}, "finish it, or say what is so"),
         (re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok)\("),
          {"src", "include"}, "knows no bound, or no error"), ]


def sources(*roots):
    return sorted(p for root in roots for p in pathlib.Path(root).rglob("*.[ch]"))


def lines(path):
    return enumerate(path.read_text(encoding="utf-8").splitlines(), 1)


def included(path):
    """Number of the line, quoted or not, and name of each include."""
    for number, text in lines(path):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', text)
        if found:
            yield number, found[1] == '"', found[2]


def layer(path):
    return path.parts[1]


def rule_layers():
    for path in sources("src", "include"):
        if layer(path) not in LAYERS:
            yield f"{path}: no such layer"
            continue
        for number, own, name in included(path):
            if own and name.split("/")[0] not in LAYERS[layer(path)]:
                yield f"{path}:{number}: {layer(path)} may not include {name}"


def rule_foreign():
    for pattern, allowed in FOREIGN:
        seen = {}
        for path in sources("src", "include"):
            hits = [(number, name)
                    for number, own, name in included(path)
                    if not own and re.fullmatch(pattern, name)]
            if not hits:
                continue
            number, name = hits[0]
            seen.setdefault(layer(path), []).append(path)
            if layer(path) not in allowed:
                yield f"{path}:{number}: <{name}> is not for {layer(path)}"
            elif len(seen[layer(path)]) > allowed[layer(path)]:
                yield (f"{path}:{number}: <{name}> again, after {seen[layer(path)][0]}: "
                       "one foreign library, one file")


def circle(graph):
    """One circle of the graph as a list of nodes that ends where it begins, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for other in sorted(graph.get(node, ())):
            found = visit(other)
            if found:
                return found
        done.add(path.pop())
        return None

    for start in sorted(graph):
        found = visit(start)
        if found:
            return found
    return None


def circles(graph):
    """One after the other; of each that was found, the last step is taken away."""
    graph = {node: set(to) for node, to in graph.items()}
    while found := circle(graph):
        yield found
        graph[found[-2]].discard(found[-1])


def module(name):
    """core/packet, of include/core/packet.h or src/core/packet.c or the name in an include."""
    return re.sub(r"^(src|include|tests)/", "", str(name)).rsplit(".", 1)[0]


def rule_includes():
    """A .c file and its header are one. A header without a .c file of its own is not a module:
    what it includes is included by whoever includes it.
    """
    files = sources("src", "include", "tests/lib")
    real = {module(p) for p in files if p.suffix == ".c"}
    direct = {}
    for path in files:
        direct.setdefault(module(path),
                          set()).update(module(name) for _, own, name in included(path) if own)
    headers = list(
        circles({n: {o
                     for o in to
                     if o not in real}
                 for n, to in direct.items()
                 if n not in real}))
    yield from ("headers in a circle: " + " -> ".join(found) for found in headers)
    if headers:
        return

    def through(name):
        for other in direct.get(name, ()):
            if other in real:
                yield other
            else:
                yield from through(other)

    for found in circles({name: set(through(name)) - {name} for name in real}):
        yield "files in a circle: " + " -> ".join(found)


def symbols(obj, what):
    out = subprocess.run(["nm", what, str(obj)], capture_output=True, text=True, check=True).stdout
    return {row.split()[-1] for row in out.splitlines()}


def rule_calls():
    """Whose functions or tables a file uses, as its object file tells."""
    objects = sorted(pathlib.Path(sys.argv[2], "src").rglob("*.o"))
    if not objects:
        yield f"{sys.argv[2]}: nothing built there"
    objects = [o for o in objects if pathlib.Path("src", o.parent.name, o.stem + ".c").exists()]
    home = {
        s: o
        for o in objects for s in symbols(o, "--extern-only") & symbols(o, "--defined-only")
    }
    uses = {o: {s: home[s] for s in symbols(o, "--undefined-only") if s in home} for o in objects}
    for found in circles({o: set(to.values()) for o, to in uses.items()}):
        for a, b in zip(found, found[1:]):
            used = ", ".join(sorted(s for s, o in uses[a].items() if o == b))
            yield f"src/{a.parent.name}/{a.stem}.c uses {used} of src/{b.parent.name}/{b.stem}.c"


def functions(path):
    """Name, first line and length of each function:
    its brace stands alone at the beginning of a line.
    """
    begin, head = None, ""
    for number, text in lines(path):
        if text == "{":
            begin = number
        elif text == "}" and begin:
            name = re.search(r"(\w+)\s*\(", head)
            yield name[1] if name else "?", begin, number - begin + 1
            begin = None
        elif begin is None and re.match(r"\w.*\(", text):
            head = text


def rule_functions():
    lengths = []
    for path in sources("src", "tests"):
        for name, begin, length in functions(path):
            if path.parts[0] == "src":
                lengths.append(length - 2)
            if length > FUNCTION_MAX:
                yield f"{path}:{begin}: {name} has {length} lines, {FUNCTION_MAX} is the most"
    if statistics.median(lengths) > FUNCTION_MEDIAN:
        yield (f"src: the median function has {statistics.median(lengths)} lines, "
               f"{FUNCTION_MEDIAN} is the most")
    print(
        f"{len(lengths)} functions in src, median {statistics.median(lengths):g} lines, "
        f"nine in ten below {statistics.quantiles(lengths, n=10)[-1]:g}"
    )


def rule_files():
    lengths = []
    for path in sources("src", "include", "tests"):
        length = len(path.read_text(encoding="utf-8").splitlines())
        first = path.read_text(encoding="utf-8").split("\n", 2)
        if path.suffix == ".c" and path.parts[0] == "src":
            lengths.append(length)
        if length > FILE_MAX:
            yield f"{path}:{FILE_MAX}: {length} lines, {FILE_MAX} is the most"
        if path.name not in first[0] + first[1]:
            yield f"{path}:1: the first line does not say what the file is"
    print(
        f"{len(lengths)} in src, median {statistics.median(lengths):g} lines, "
        f"longest {max(lengths)}"
    )


def of_kind(kind):
    """The files of a kind: a suffix; or "scripts": no suffix and "#!", and what make reads."""
    for top in ("src", "include", "tests", "contrib", "docs", ".ci", "."):
        paths = pathlib.Path(top).glob("*" if top == "." else "**/*")
        for path in sorted(p for p in paths if p.is_file() and "fuzz/corpus" not in str(p)):
            if kind != "scripts":
                found = path.suffix == kind
            else:
                found = (path.name in ("Makefile", "rules")
                         or not path.suffix and path.read_bytes()[:2] == b"#!")
            if found:
                yield path


def rule_columns():
    """Of the kinds that were asked for, ".py" ".md" "scripts" and so on."""
    for kind in sys.argv[2:]:
        total, wide = 0, []
        for path in of_kind(kind):
            for number, text in lines(path):
                total += 1
                width = len(text.expandtabs(8))
                if width > COLUMNS_MAX:
                    wide.append(f"{path}:{number}: {width} columns, {COLUMNS_MAX} is the most")
        if total == 0:
            yield f"{kind}: no lines of this kind"
        if kind != ".md" or 100 * len(wide) > DOCUMENTS_WIDER * total:
            yield from wide
        elif wide:
            print(f"{len(wide)} of {total} lines of documents are wider, ", end="")
    print(f"{COLUMNS_MAX} at most in " + " ".join(sys.argv[2:]))


def rule_words():
    for path in sources("src", "include", "tests"):
        for number, text in lines(path):
            for pattern, roots, why in WORDS:
                found = (path.parts[0] in roots
                         and pattern.search(re.sub(r'"(\\.|[^"\\])*"', '""', text)))
                if found:
                    yield f"{path}:{number}: {found[0]} {why}"


def rule_comments():
    """No limit, a figure: how much of the sources is comment,
    counted in lines that hold nothing else or more.
    """
    total = comment = 0
    for path in sources("src", "include"):
        inside = False
        for _, text in lines(path):
            total += bool(text.strip())
            comment += inside or "/*" in text
            inside = (inside or "/*" in text) and "*/" not in text.rsplit("/*", 1)[-1]
    print(f"{100 * comment / total:.0f} % of the lines in src and include")
    return ()


def main():
    wrong = list(globals()["rule_" + sys.argv[1]]())
    if wrong:
        print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
