#!/usr/bin/env python3
"""Rules about the sources that no compiler knows. usage: sources.py RULE [BUILD | KIND ...]

Prints file:line and what is wrong, and exits with 1; a figure, where there is one, and 0 otherwise.
"""
import pathlib
import re
import statistics
import subprocess
import sys

# What each folder of src may include, itself aside; a folder that is not here may not be.
# The order is that of the floors: a folder includes those that stand above it here.
CORE = ["base", "core/packet", "core/stream", "core/smtp", "core/tls", "core/dialogue",
        "core/session", "core/verdict", "core/cause", "core"]
REPORT = ["text", "history", "policy", "stats", "trace", "format", "format/text", "format/json",
          "format/html"]
LAYERS = {
    "base": [],
    "core/packet": ["base"],
    "core/stream": ["base", "core/packet"],
    "core/smtp": ["base"],
    "core/tls": ["base", "core/stream"],
    "core/dialogue": ["base", "core/stream", "core/smtp", "core/tls"],
    "core/session": CORE[:6],
    "core/verdict": CORE[:7],
    "core/cause": CORE[:8],
    "core": CORE[:9],
    "nids": CORE[:3],
    "decrypt": CORE[:5],
    "capture": CORE[:2],
    "text": ["base"],
    "history": [*CORE, "text"],
    "policy": [*CORE, *REPORT[:2]],
    "stats": [*CORE, *REPORT[:3]],
    "trace": [*CORE, *REPORT[:4]],
    "format": [*CORE, *REPORT[:5]],
    "format/text": [*CORE, *REPORT[:6]],
    "format/json": [*CORE, *REPORT[:7]],
    "format/html": [*CORE, *REPORT[:7]],
    "transport": ["base", "text"],
    "http": ["base", "text", "transport"],
    "history/store": [*CORE, *REPORT[:3], "transport"],
    "history/report": [*CORE, *REPORT[:8], "transport", "history/store"],
    "sink": [*CORE, *REPORT, "transport"],
    "tui": [*CORE, *REPORT],
    "os": ["base", "transport"],
    "keys": ["base", "text", "transport", "os"],
    "options": [*CORE, *REPORT[:5], "nids", "capture", "transport", "sink", "os"],
    "replay": [*CORE, *REPORT, "capture", "transport", "tui", "os", "options"],
    "status": [*CORE, *REPORT, "transport", "sink", "options"],
    "app": [*CORE, *REPORT, "nids", "decrypt", "capture", "transport", "sink", "tui", "os",
            "options",
            "replay", "status", "history/store", "history/report"],
}
# The folder that each header or table of include/smtpwatch belongs to; a folder of tables is named
# by its table.
PUBLIC = {
    "bytes": "base", "frame": "base", "ip_addr": "base", "pool": "base",
    "packet": "core/packet", "defrag": "core/packet", "undecoded": "core/packet",
    "stream": "core/stream", "smtp": "core/smtp",
    "certificate": "core/tls", "decryptor": "core/tls",
    "strings": "core/session", "session_info": "core/session", "ending": "core/session",
    "verdict": "core/verdict", "verdicts": "core/verdict", "severity": "core/verdict",
    "judgement": "core/verdict", "cause": "core/cause", "causes": "core/cause",
    "counters": "base", "monitor": "core", "monitor_config": "core", "record": "core",
    "server_history": "core", "open_session": "core/session",
    "correlate": "core",
}
# A foreign header, the layers that may include it, and in how many files of each.
OUTSIDE_CORE = [folder for folder in LAYERS if folder != "base" and not folder.startswith("core")]
FOREIGN = [
    (r"pcap\b.*", {"capture": 99, "nids": 1}),
    (r"nids\.h", {"nids": 1}),
    (r"openssl/.*", {"text": 1, "decrypt": 99}),
    (r"(n?curses|term)\.h", {"tui": 1}),
    (r"microhttpd\.h", {"sink": 1}),
    (r"curl/.*", {"http": 1}),
    (r"jansson\.h", {"http": 1, "status": 1}),
    (r"cap-ng\.h", {"os": 1}),
    (r"seccomp\.h", {"os": 1}),
    # What runs in the kernel, and what loads it.
    (r"bpf/.*", {"keys": 2}),
    (r"(libelf|gelf)\.h", {"keys": 1}),
    (r"systemd/.*", {"os": 1, "sink": 1}),
    (r"sqlite3\.h", {"history/store": 1}),
    (r"dlfcn\.h", {"base": 1}),
    (r"(zlib|zstd)\.h", {"capture": 1}),
    (r"(pthread|threads|signal|time|sys/time|stdatomic)\.h",
     dict.fromkeys(OUTSIDE_CORE, 99)),
    # What follows the locale: base/ascii.h stands in its place.
    (r"(ctype|wctype|strings)\.h", {}),
]
FUNCTION_MAX, FUNCTION_MEDIAN, FILE_MAX = 70, 15, 650
# As long as the alphabet is.
VOCABULARY = "vocabulary.def"
# The widest line, tabs to each eighth column; of documents so many lines in a hundred may be wider.
COLUMNS_MAX, DOCUMENTS_WIDER = 100, 1
WORDS = [(re.compile(r"\b(TODO|FIXME|XXX)\b"), {"src", "include",
                                                "tests"}, "finish it, or say what is so"),
         (re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok)\("),
          {"src", "include"}, "knows no bound, or no error"),
         (re.compile(r"\b(str(n?casecmp|casestr|coll)|(to|is)(upper|lower)|isal(pha|num))\("),
          {"src", "include"}, "follows the locale: base/ascii.h"), ]


def sources(*roots, tables=False):
    """The files .c and .h; with tables also .def."""
    kinds = ["*.[ch]"] + ["*.def"] * tables
    return sorted(p for root in roots for kind in kinds for p in pathlib.Path(root).rglob(kind))


def lines(path):
    return enumerate(path.read_text(encoding="utf-8").splitlines(), 1)


def included(path):
    """Number of the line, quoted or not, and name of each include."""
    for number, text in lines(path):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', text)
        if found:
            yield number, found[1] == '"', found[2]


def layer(path):
    """The folder of a file of src; of a public header, the one that it belongs to."""
    path = pathlib.Path(path)
    if path.parts[:2] == ("include", "smtpwatch"):
        return PUBLIC.get(pathlib.Path(path.parts[2]).stem, "/".join(path.parts))
    return "/".join(path.parts[1:-1])


def included_file(name):
    """The file of an include, as the compiler finds it."""
    places = (pathlib.Path("include", name), pathlib.Path("src", name))
    return next((p for p in places if p.exists()),
                None)


def rule_layers():
    for path in sources("src", "include", tables=True):
        if layer(path) not in LAYERS:
            yield f"{path}: no such layer"
            continue
        for number, own, name in included(path):
            to = included_file(name) if own else None
            if own and (to is None or layer(to) not in [layer(path), *LAYERS[layer(path)]]):
                yield f"{path}:{number}: {layer(path)} may not include {name}"
            elif own and path.parts[0] == "include" and to.parts[0] != "include":
                yield f"{path}:{number}: public, and may not include {name}, which is private"
    floors = list(LAYERS)
    for folder, below in LAYERS.items():
        for other in below:
            if floors.index(other) > floors.index(folder):
                yield f"tests/lint/sources.py: {folder} stands below {other}"


def rule_plan():
    """The table in docs/architecture.md is LAYERS; "x+" is x and all that x may include."""
    page = pathlib.Path("docs/architecture.md")
    listed = {}

    def named(name):
        return "core/" + name if "core/" + name in LAYERS else name

    def granted(cell):
        for word in re.split(r", ", cell):
            name = named(word.rstrip("+"))
            if word != "nothing":
                yield name
                yield from LAYERS.get(name, ()) if word.endswith("+") else ()

    for number, text in lines(page):
        row = re.fullmatch(r"\| `([\w/]+)` \| [^|]+ \| ([\w/+, ]+) \|", text)
        if row:
            listed[row[1]] = number
        if row and set(granted(row[2])) != set(LAYERS.get(row[1], ["?"])):
            yield f"{page}:{number}: {row[1]} may include {', '.join(LAYERS.get(row[1], '?'))}"
    if list(listed) != list(LAYERS):
        yield f"{page}: a row for each layer, in their order: {', '.join(LAYERS)}"


def rule_named():
    """Each file and struct that a document names exists; each link within the tree leads to one."""
    known = {"/".join(p.parts[-n:]) for kind in (".c", ".h", ".def", ".py", ".sh", ".md")
             for p in of_kind(kind) for n in range(1, len(p.parts) + 1)}
    structs = {name for p in sources("src", "include")
               for name in re.findall(r"^struct (\w+)\s*\{", p.read_text(encoding="utf-8"), re.M)}
    for path in of_kind(".md"):
        for number, text in lines(path):
            for name in re.findall(r"`([\w./-]+\.(?:c|h|def|py|sh|md))`", text):
                if name not in known:
                    yield f"{path}:{number}: there is no {name}"
            for name in re.findall(r"`struct (\w+)`", text):
                if name not in structs:
                    yield f"{path}:{number}: there is no struct {name}"
            for to in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text):
                if not (path.parent / to).exists():
                    yield f"{path}:{number}: the link to {to} leads nowhere"


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


def module(path):
    """A source and the header of its name are one, beside it or public: src/capture/input."""
    path = pathlib.Path(path)
    if path.parts[:2] == ("include", "smtpwatch"):
        source = pathlib.Path("src", layer(path), path.stem + ".c")
        return str(source.with_suffix("") if source.exists() else path)
    return str(path.with_suffix("") if path.with_suffix(".c").exists() else path)


def bodies(path):
    """Of each function: its name, whether other files can call it, and the names that it calls."""
    text = re.sub(r'/\*.*?\*/|"(\\.|[^"\\\n])*"', "", path.read_text(encoding="utf-8"),
                  flags=re.S)
    for found in re.finditer(r"^(\w[^;{}=]*?)(\w+)\s*\([^;{}]*\)\s*\n\{\n(.*?)^\}", text,
                             re.M | re.S):
        yield found[2], "static" not in found[1].split(), set(re.findall(r"\b(\w+)\s*\(", found[3]))


def rule_circles():
    """A source and its header are one; includes count, and calls, of code in headers too."""
    files = sources("src", "include") + sources("tests/lib")
    home = {name: path for path in files if path.suffix == ".c"
            for name, extern, _ in bodies(path) if extern}
    graph = {}
    for path in files:
        to = {found for _, own, name in included(path) if own
              for found in [included_file(name) or pathlib.Path("tests", name)] if found.exists()}
        own = {name for name, _, _ in bodies(path)}
        calls = {name for _, _, called in bodies(path) for name in called}
        to |= {home[name] for name in calls - own if name in home}
        graph.setdefault(module(path), set()).update(module(p) for p in to)
    for found in circles({name: to - {name} for name, to in graph.items()}):
        yield "files in a circle: " + " -> ".join(found)


def symbols(obj, what):
    out = subprocess.run(["nm", what, str(obj)], capture_output=True, text=True, check=True).stdout
    return {row.split()[-1] for row in out.splitlines()}


def rule_calls():
    """Whose functions or tables a file uses, as its object file tells."""
    root = pathlib.Path(sys.argv[2], "src")
    objects = sorted(o for o in root.rglob("*.o")
                     if pathlib.Path("src", o.relative_to(root)).with_suffix(".c").exists())
    if not objects:
        yield f"{sys.argv[2]}: nothing built there"
    home = {s: o for o in objects
            for s in symbols(o, "--extern-only") & symbols(o, "--defined-only")}
    uses = {o: {s: home[s] for s in symbols(o, "--undefined-only") if s in home} for o in objects}
    for found in circles({o: set(to.values()) for o, to in uses.items()}):
        for a, b in zip(found, found[1:]):
            used = ", ".join(sorted(s for s, o in uses[a].items() if o == b))
            a, b = (o.relative_to(root.parent).with_suffix(".c") for o in (a, b))
            yield f"{a} uses {used} of {b}"


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
    for path in sources("src", "include", "tests", tables=True):
        length = len(path.read_text(encoding="utf-8").splitlines())
        first = path.read_text(encoding="utf-8").split("\n", 2)
        if path.suffix == ".c" and path.parts[0] == "src":
            lengths.append(length)
        if length > FILE_MAX and path.name != VOCABULARY:
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
