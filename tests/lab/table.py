"""table.py - docs/lab.md: what was expected, what was seen, what the server's log says."""
import re

HEAD = """# The lab

`make lab` (root) watches real mail servers and clients in network namespaces, makes them fail in every way that it knows, and holds what smtpwatch says against what the
servers' own logs say. Nothing is installed but unpacked packages under a cache folder (`SMTPWATCH_LAB_CACHE`, default `/var/cache/smtpwatch-lab`), and nothing is left behind.

Debian's mail servers conflict with each other and have their paths compiled in. So each package is unpacked, not installed, and runs in an overlay root of its own, in mount
and process namespaces that end with its first process: SIGKILL to that one is SIGKILL to the whole server at one moment.

Each row is a case of `tests/lab/cases.py`. *Seen* is verdict, stage, fates of the messages and cause; it is what was expected, or the case fails; where a word of the
expectation is open, `|` stands between what is equally right. Whether a message was taken is checked in the server's log for each case, under the queue id that smtpwatch read
off the wire.{live} *The log's word* is a line that the case asks for, or what the real client said.

{versions}.

Run of {date}: {passed} of {count} cases passed.
{loss}"""
LOSS = """
## The silent loss, end to end

A Postfix and an Exim deliver from their queues to a server that says 221 instead of 250. Their own logs tell of success, and their copies are gone; smtpwatch names the message.

| what the server did | the sender's log | smtpwatch |
|---|---|---|
{rows}
"""


def plain(text):
    """A line of a log without what differs from run to run."""
    text = re.sub(r"^<\d+>\w+ +\d+ [\d:]+ ", "", text)
    text = re.sub(r"\[\d+\]|^\d{4}-\d\d-\d\d [\d:]+ |session=<\S+>", "", text)
    text = re.sub(r"(?<=: )\d{4}-\d\d-\d\d [\d:]+ ", "", text)
    return text.replace("|", "\\|").replace("<", "&lt;").strip()[:150]


def rows(results):
    family = None
    for result in results:
        case = result.case
        if case.family != family:
            family = case.family
            yield f"\n## {family[0].upper() + family[1:]}\n\n| case | server | what is done | expected | seen | the log's word |\n|---|---|---|---|---|---|"
        done = f"client {case.client}" + (f", server told `{case.script}`" if case.script else "") if case.client else f"`{case.does}`" + (f", server told `{case.script}`" if case.script else "")
        done += (f", wire `{case.wire}`" if case.wire else f", path {case.net}" if case.net != "bridge" else "") + (", IPv6" if case.v6 else "") + (f"; {case.note}" if case.note else "")
        expected = " ".join(word.replace("|", "\\|") for word in (case.verdict, case.stage, case.fates, case.cause.strip("|")) if word)
        seen = "as expected: " if not result.wrong else "**not as expected**: "
        yield f"| {case.name} | {case.server} | {done.replace('|', chr(92) + '|')} | {expected} | {seen}{' '.join(v for v in result.seen.values() if v)} | {plain(result.log or result.word)} |"


def losses(results):
    """Messages that their sender believes delivered."""
    for result in results:
        case = result.case
        if case.family == "silent loss" and result.seen.get("fates") == "falsely-accepted" and result.record:
            t = result.record["transactions"][0]
            yield (f"| `{case.script}` | {plain(result.word)} | **{result.seen['verdict']}**, {result.record['ending']['severity']}: Message-ID &lt;{t.get('message_id', '?')}>, "
                   f"from &lt;{t['from']}> to &lt;{t['rcpt'][0]['to']}>: {t['fate']} |")


def write(path, results, versions, date, live):
    passed = sum(not result.wrong for result in results)
    said = " The live daemon with two workers and the captured file are judged alike." if live else ""
    loss = "\n".join(losses(results))
    loss = LOSS.format(rows=loss) if loss else ""
    text = HEAD.format(versions=versions, date=date, passed=passed, count=len(results), live=said, loss=loss) + "\n".join(rows(results)) + "\n"
    path.write_text(text, encoding="utf-8")
