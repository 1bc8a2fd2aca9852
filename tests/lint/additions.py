#!/usr/bin/env python3
"""What grows in tables grows so easily: one of each kind is added to a copy of the tree.

usage: additions.py 'MAKE COMMAND'

The files that an addition changes by hand are counted, and held against the table in
CONTRIBUTING.md, "Where a change goes". The copy is built with all additions together; its unit
tests pass, and its documents, made anew, tell of each addition.
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HOME = pathlib.Path("build/additions")
TREE = HOME / "tree"
BUILD = "build/cc"
PUBLIC = "include/smtpwatch"
# Without an optimizer it builds in a third of the time, and nothing here is measured by a clock.
FLAGS = [f"BUILD={BUILD}", "OPT=-O0", "WERROR=1"]
# The tests of what the additions touch.
TESTS = ["options/test_options", "stats/test_metrics", "format/test_json", "format/test_text",
         "format/test_explain", "format/test_html", "policy/test_alert_rules",
         "core/packet/test_decode", "capture/test_default_filter", "core/smtp/test_grammar",
         "core/session/test_scenarios"]
failures = 0


def report(fine, what):
    """Says what holds or does not."""
    global failures
    failures += not fine
    print(f"{'fine  ' if fine else 'WRONG '} {what}", flush=True)


class Addition:
    """One thing that is added: what it changes by hand, and where it must then be told of."""

    def __init__(self, what):
        self.what = what
        self.files, self.scenarios, self.shows = set(), set(), []

    def create(self, path, text):
        """A new file."""
        assert not (TREE / path).exists(), path
        (self.scenarios if path.startswith("tests/scenarios/") else self.files).add(path)
        (TREE / path).write_text(text)

    def change(self, path, anchor, make):
        """Replaces the one place that matches the anchor by make(match)."""
        text = (TREE / path).read_text()
        found = list(re.finditer(anchor, text, re.M))
        if len(found) != 1:
            sys.exit(f"{self.what}: {path} has {len(found)} places like {anchor!r}")
        self.files.add(path)
        (TREE / path).write_text(text[:found[0].start()] + make(found[0]) + text[found[0].end():])

    def before(self, path, anchor, text):
        """Inserts the text before the one place that matches."""
        self.change(path, anchor, lambda match: text + match[0])

    def after(self, path, anchor, text):
        """Inserts the text behind the one place that matches."""
        self.change(path, anchor, lambda match: match[0] + text)

    def show(self, path, text):
        """After make docs, the file must contain the text."""
        self.shows.append((path, text))


def verdict(one):
    """Holds for what was CLEAN, had a filter not taken nearly ten minutes."""
    one.after(f"{PUBLIC}/verdicts.def", r'^#include "smtpwatch/verdict/client.def"\n', """
VERDICT(ADDED,
	ROW(.id = "added-verdict",
	    .severity = SEVERITY_NONE,
	    .category = FINE,
	    .headline = "QUIT, 221, close, after a long wait",
	    .meaning = "every message has its answer",
	    .advice = "the content filter",
	    .rfc = "RFC 5321 4.5.3.2.6"),
	EXPLAIN(.rule = "The answer to a message may take as long as ten minutes.",
		.sender = "It waited until it had the answer to its message.",
		.check = "Measure how long the content filter takes for a message."),
	e->quit_answered && e->unasked_221 == 0 && !e->quit_in_transaction &&
		e->unknown_fates == 0 && e->slowest_reply >= 590 * FRAME_SECOND)
""")
    one.create("tests/scenarios/added-verdict.smtp", """# the filter takes nearly ten minutes
include ehlo-starttls-auth mail rcpt data text dot
wait 595s
S: 250 2.0.0 Ok: queued as 4Xyz12
include quit
expect verdict added-verdict stage DONE fate accepted severity none
""")
    one.show("docs/alerts.md", "### `added-verdict` (none)")
    one.show("docs/smtpwatch.8", ".It Sy added-verdict")
    one.show("docs/schema.json", '"added-verdict"')
    one.show("docs/metrics page", 'verdict="added-verdict"')
    one.show("contrib/completion/smtpwatch.bash", "added-verdict")


def cause(one):
    """Holds for a session with a thousand messages."""
    one.before(f"{PUBLIC}/causes.def", r"^CAUSE\(SLOW_FILTER,", """CAUSE(ADDED, cause_server_added,
	ROW(.id = "added-cause",
	    .meaning = "the server had taken a thousand messages",
	    .advice = "what the server allows"),
	EXPLAIN(.how = "Some servers end a session after a certain number of messages.",
		.check = "Compare with the number of messages that the server allows."))

""")
    one.before("src/core/cause/server.c", r"^bool cause_server_session_limit\(", """\
bool cause_server_added(const struct cause_input *f, struct cause *c)
{
	if (f->ending->accepted >= 1000)
		CAUSE_SIGN(c, CONFIDENCE_POSSIBLE, "%u messages were accepted",
			   (unsigned)f->ending->accepted);
	return c->evidences > 0;
}

""")
    one.show("docs/alerts.md", "### `added-cause`")
    one.show("docs/schema.json", '"added-cause"')


def option(one):
    """A number, which --version repeats."""
    one.before("src/options/options.def", r'^OPTION\("Program", "version"', """\
OPTION("Program", "added-option", 0, "N", NUMBER(OWN, added, 2, 9), "7", OPTION_RESTART,
       "a number that --version repeats")
""")
    one.after("src/app/main.c", r"== OPTIONS_VERSION\)\n", """\
		outbuf_format(&out.buf, "added: %u\\n", o->added);
	if (o->action == OPTIONS_VERSION)
""")
    one.show("docs/smtpwatch.8", "Fl Fl added-option")
    one.show("docs/smtpwatch.conf.5", ".It Ic added-option")
    one.show("contrib/completion/smtpwatch.bash", "--added-option")
    one.show("smtpwatch --help", "--added-option N")
    one.show("smtpwatch --added-option 9 --version", "added: 9")
    one.show("smtpwatch --added-option 1 --version", "is no number from 2 to 9")


def metric(one):
    """Messages of sessions that were judged."""
    one.before("src/stats/sums.def", r"^SUM\(grouped,", """\
SUM(added, "smtpwatch_added_metric_total", "Messages that servers took.",
    r->record.ending->accepted)
""")
    one.show("docs/metrics.md", "`smtpwatch_added_metric_total`")
    one.show("docs/metrics page", "\nsmtpwatch_added_metric_total 0\n")


def counter(one):
    """Packets that have no payload."""
    one.before(f"{PUBLIC}/counters.def", r"^STREAM_COUNTER\(conns,", """\
STREAM_COUNTER(added, "stream", "added_counter", COUNT, "segments without payload", NULL)
""")
    one.after("src/core/stream/native_state.h",
              r"^\ts->stats\.refused\[RECEIVER_NO_ACK\] \+= .*\n",
              "\ts->stats.added += p->payload_len == 0;\n")
    one.show("docs/metrics.md", "`smtpwatch_stream_added_counter_total`")
    one.show("docs/schema.json", '"added_counter": {')


def field(one):
    """Replies for each command."""
    one.before("src/format/fields.def", r"^FIELD\(ROOT, session_id,", """\
FIELD(ROOT, added_field, NUMBER, ALWAYS, INFO->commands + INFO->replies, "commands and replies",
      TABLE(985, "added_field", "added_field", "smtpwatch.added_field"))
""")
    one.show("docs/schema.json", '"added_field": {')
    one.show("docs/columns.md", "| `added_field` |")
    one.show("smtpwatch -r pcaps/clean-bdat.pcapng -o json", '"added_field":')
    one.show("smtpwatch -r pcaps/clean-bdat.pcapng -o csv", "added_field")


def verb(one):
    """A verb whose rules are those of NOOP."""
    one.before(f"{PUBLIC}/smtp.def", r"^VERB\(QUIT,", """\
VERB(XADDED, NOOP, STAGES, SMTP_ARGS_SHOWN, 0, "XADDED")
""")
    one.create("tests/scenarios/added-verb.smtp", """# a verb of which only its row tells
include ehlo-starttls-auth
C: XADDED x
S: 250 2.0.0 Ok
include quit
expect verdict clean stage DONE fate none severity none
""")
    one.show("docs/schema.json", '"XADDED"')


def flaw(one):
    """HELP that asks for much."""
    one.before(f"{PUBLIC}/smtp.def", r'^FLAW\(NUL,', """\
FLAW(ADDED, "added-flaw")
""")
    one.after("src/core/dialogue/client.c", r"^\t\tflaws \|= FLAW_NOT_SMTP;\n", """\
	if (c.verb == SMTP_HELP && c.args.n > 20)
		flaws |= FLAW_ADDED;
""")
    one.create("tests/scenarios/added-flaw.smtp", """# HELP asks for much
include ehlo-starttls-auth
C: HELP me with each of the verbs
S: 214 2.0.0 no
include quit
expect verdict clean stage DONE fate none severity none flaws added-flaw
""")
    one.show("docs/schema.json", '"added-flaw"')


def tunnel(one):
    """In UDP: a head of four bytes, and IP."""
    row = "\tROW(9998, added)"
    one.before("src/core/packet/numbers.h", r"^\tROW\(4789, vxlan\)",
               f"{row}{' ' * (99 - len(row) - 7)}\\\n")
    one.before("src/core/packet/tunnel.c", r"^static enum packet_kind vxlan_read\(", """\
static enum packet_kind added_read(struct walk *w)
{
	if (w->cap < 4)
		return walk_short(w, 4);
	walk_skip(w, 4);
	return packet_read_ip(w);
}

""")


def output(one):
    """A line for each session: the name of its verdict."""
    one.after("src/sink/kinds.def", r"^SINK\(html\)\n", "SINK(added)\n")
    one.create("src/sink/added.c", """\
/* added.c - a line for each session. */
#include "sink/sink.h"
#include "sink/target.h"
#include "smtpwatch/verdict.h"

#include <stdlib.h>

static void *added_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct target *out = calloc(1, sizeof(*out));

	error_set(why, "no memory for added output");
	if (out != NULL && target_open(out, target, mode, why))
		return out;
	free(out);
	return NULL;
}

static bool added_record(void *self, const struct report *r)
{
	struct target *out = self;

	outbuf_format(out->buf, "added: %s\\n", verdict_row(r->record.judgement.verdict)->id);
	return target_put(out);
}

static bool added_close(void *self)
{
	bool whole = target_close(self);

	free(self);
	return whole;
}

const struct sink_kind sink_added = {
	TARGET_SINK,
	.check = target_check,
	.reopen = target_reopen,
	.name = "added",
	.help = "a line for each session; to FILE, -, or unix:PATH",
	.open = added_open,
	.record = added_record,
	.close = added_close,
};
""")
    one.show("docs/smtpwatch.8", ".It Cm added")
    one.show("contrib/completion/smtpwatch.bash", " html added")
    one.show("smtpwatch -r pcaps/clean-bdat.pcapng -o added", "added: clean")


ADDITIONS = {"a verdict": verdict, "a cause": cause, "an option": option, "a metric": metric,
             "a counter of packets": counter, "a field": field, "an SMTP verb": verb,
             "a flaw": flaw, "a tunnel in UDP": tunnel, "an output": output}


def promised():
    """CONTRIBUTING.md: what is added, how many files that takes, and what besides."""
    rows = re.findall(r"^\| ([^|]+) \| (\d+)(?: and ([^|]+))? \|$",
                      pathlib.Path("CONTRIBUTING.md").read_text(), re.M)
    return {what: (int(n), besides) for what, n, besides in rows}


def files():
    """The tree's files: those of git, or all but what is built where there is no git."""
    said = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=False)
    if said.returncode == 0:
        return [name for name in said.stdout.split("\0") if pathlib.Path(name).is_file()]
    return [str(path) for path in pathlib.Path().rglob("*")
            if path.is_file() and path.parts[0] not in ("build", ".git")]


def copy():
    """The copy begins as it is: what was built there before is built anew."""
    shutil.rmtree(HOME, ignore_errors=True)
    for name in files():
        (TREE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(name, TREE / name)


def run(what, *command, **more):
    """Runs a command in the copy; its output is left in a log. Returns whether it succeeded."""
    log = HOME / f"{re.sub('[^a-z]+', '-', what)}.log"
    with open(log, "w", encoding="utf-8") as out:
        code = subprocess.run(command, cwd=TREE, stdout=out, stderr=subprocess.STDOUT,
                              check=False, **more).returncode
    report(code == 0, what)
    if code:
        print("".join(log.read_text(errors="replace").splitlines(True)[-20:]), end="")
    return code == 0


def text_of(where):
    """A file of the copy, or what its program says."""
    if where == "docs/metrics page":
        command = [f"{BUILD}/tests/program/make_docs", "--metrics"]
    elif where.startswith("smtpwatch "):
        command = [f"{BUILD}/smtpwatch", *where.split()[1:]]
    else:
        return (TREE / where).read_text()
    said = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    return said.stdout + said.stderr


def golden(limit):
    """A golden file that a verdict changes names it: no session of before is judged by it.
    At least one does: it has the names of all verdicts."""
    run("golden files made anew", "tests/program/test_golden.sh", f"{BUILD}/smtpwatch", "--write")
    named = [path.name for path in (TREE / "tests/golden").iterdir()
             if "added-verdict" in path.read_text(errors="replace")]
    report(0 < len(named) <= limit, f"a verdict changes {len(named)} golden files, {limit} at most")


def rebuilt(make, limit):
    """The program's objects that depend on the rows of verdicts."""
    (TREE / PUBLIC / "verdicts.def").touch()
    said = subprocess.run([*make, *FLAGS, "-n", f"{BUILD}/smtpwatch"], cwd=TREE,
                          capture_output=True, text=True, check=True).stdout
    n = len(re.findall(r" -c \S+\.c ", said))
    report(0 < n <= limit, f"a verdict's row compiles {n} objects anew, {limit} at most")


def main():
    """Adds, counts, builds, tests."""
    make = shlex.split(sys.argv[1])
    limits, added = promised(), []
    copy()
    for what, add in ADDITIONS.items():
        one = Addition(what)
        add(one)
        added.append(one)
        n, besides = limits.pop(what, (0, ""))
        report(len(one.files) == n and bool(one.scenarios) == (besides == "a scenario"),
               f"{what}: {', '.join(sorted(one.files | one.scenarios))}")
    tests = [f"{BUILD}/tests/unit/{name}" for name in TESTS]
    if not run("built with all of them", *make, *FLAGS, f"{BUILD}/smtpwatch",
               f"{BUILD}/tests/program/make_docs", *tests):
        return
    run("documents made anew", *make, *FLAGS, "docs")
    for test in tests:
        run(test, test)
    for one in added:
        for where, text in one.shows:
            report(text in text_of(where), f"{one.what}: {where}")
    golden(limits.pop("golden files that a verdict changes", (0, ""))[0])
    rebuilt(make, limits.pop("objects that a verdict's row compiles anew", (0, ""))[0])
    for what in limits:
        report(False, f"{what}: nothing here adds it")


main()
sys.exit(failures > 0)
