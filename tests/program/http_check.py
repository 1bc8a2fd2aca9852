#!/usr/bin/env python3
"""Hold -o http against a server of this machine: each kind of service gets what it takes, and one
that refuses, stalls, resets or answers half gets every record all the same.

usage: http_check.py PROGRAM FOLDER (from the top of the tree); speaks TAP
"""
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
CAPTURE = "pcaps/221-for-message.pcap"
THREE = "pcaps/three-at-once.pcap"
SECRET = "T0PSECRET"


class Service(http.server.ThreadingHTTPServer):
    """Answers each request by the next of its behaviours, then by 200."""
    daemon_threads = True

    def __init__(self, behaviours=(), port=0, certificate=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.behaviours, self.requests, self.times = list(behaviours), [], []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def handle_error(self, request, client_address):
        """A client that goes is what a test is about."""

    def url(self, path="/hook/" + SECRET, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.server_address[1]}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, self.headers, body.decode()))
        self.server.times.append(time.monotonic())
        behaviour = self.server.behaviours.pop(0) if self.server.behaviours else answer(200)
        behaviour(self)

    do_PUT = do_POST
    do_GET = do_POST

    def log_message(self, *_):
        """Nothing."""


def answer(status, body=b"{}", **headers):
    def behave(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return behave


def half(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "4000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def stall(handler):
    time.sleep(3)
    handler.close_connection = True


def target(name, *lines):
    """A file with a target, which others may not read."""
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("".join(line + "\n" for line in lines))
    return path


def run(output, capture=CAPTURE, *options):
    return subprocess.run([PROGRAM, "-r", capture, "--gateway", "mx1", "-Z", USER, "-o",
                           f"http:{output}", *options], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)


def wanted(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def told(service, done, requests=1, code=0):
    wanted(done.returncode == code, "exit status", done.returncode, done.stderr)
    wanted(len(service.requests) == requests, len(service.requests), "requests")
    wanted(SECRET not in done.stderr, "the URL is shown:", done.stderr)


def kind(name, path="/x", capture=CAPTURE):
    """The requests that a kind of service gets."""
    with Service() as service:
        done = run(f"{name}+{service.url(path)}", capture)
        wanted(done.returncode == 0, done.stderr)
        wanted(not done.stderr, done.stderr)
        return service.requests


def webhook():
    with Service() as service:
        told(service, run(service.url()))
        method, path, headers, body = service.requests[0]
        alert = json.loads(body)
        wanted((method, path) == ("POST", "/hook/" + SECRET), method, path)
        wanted(headers["Content-Type"] == "application/json", headers)
        wanted(alert["id"].endswith("-221-for-message") and alert["gateway"] == "mx1", alert)
    wanted(len(kind("webhook", capture=THREE)) == 2, "two of the three sessions are alerts")


def alertmanager():
    (_, _, _, body), = kind("alertmanager")
    alert, = json.loads(body)
    wanted(alert["labels"] == {"alertname": "Smtpwatch", "signature": "221-for-message",
                               "severity": "critical", "gateway": "mx1",
                               "server": "198.51.100.25"}, alert)
    wanted("never took the message" in alert["annotations"]["summary"], alert)
    wanted(alert["startsAt"] == "2026-01-05T10:00:00.017000Z", alert)


def ntfy():
    (_, path, _, body), = kind("ntfy", "/in/topic")
    message = json.loads(body)
    wanted(path == "/in" and message["topic"] == "topic" and message["priority"] == 5, body)


def slack():
    (_, _, _, body), = kind("slack")
    block = json.loads(body)["blocks"][0]["text"]
    wanted(block["type"] == "plain_text" and "<a@example.org>" in block["text"], body)


def matrix():
    (method, path, _, body), = kind("matrix", "/rooms/r/send/m.room.message")
    wanted(method == "PUT", method)
    wanted(path.startswith("/rooms/r/send/m.room.message/mx1-") and
           path.endswith("-221-for-message"), path)
    wanted(json.loads(body)["m.mentions"] == {}, body)


def elastic():
    ids = []
    for _, _, headers, body in kind("elastic", capture=THREE):
        wanted(headers["Content-Type"] == "application/x-ndjson", headers)
        lines = body.splitlines()
        wanted(body.endswith("\n") and len(lines) % 2 == 0, body)
        ids += [json.loads(line)["create"]["_id"] for line in lines[::2]]
        for line in lines[1::2]:
            document = json.loads(line)
            wanted(document["@timestamp"] == document["timestamp"], line)
    wanted(len(ids) == len(set(ids)) == 5, "three sessions and two alerts", ids)


def splunk():
    documents = [json.loads(line) for _, _, _, body in kind("splunk", capture=THREE)
                 for line in body.split("\n")]
    wanted([d["event"]["event_type"] for d in documents].count("session") == 3, documents)
    wanted(all(d["host"] == "mx1" and d["sourcetype"] == "_json" for d in documents), documents)


def otlp():
    (_, _, _, body), = kind("otlp", "/v1/logs")
    record, = json.loads(body)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    attributes = {a["key"]: a["value"]["stringValue"] for a in record["attributes"]}
    wanted(record["severityNumber"] == 21 and
           attributes["smtpwatch.verdict"] == "221-for-message", record)


def once_more(behaviour, seconds=0.4):
    """The record is sent again, not at once."""
    with Service([behaviour]) as service:
        path = target("again", f"url = {service.url()}", "timeout = 1")
        done = run(path)
        told(service, done, requests=2)
        wanted(service.times[1] - service.times[0] >= seconds, "too soon")
        wanted(service.requests[0][3] == service.requests[1][3], "another body")
        wanted("127.0.0.1" in done.stderr, "nothing is said of it:", done.stderr)


def refusing():
    with Service() as service:
        port = service.server_address[1]
    later = []
    timer = threading.Timer(1.2, lambda: later.append(Service(port=port)))
    timer.start()
    done = run(f"http://127.0.0.1:{port}/{SECRET}")
    timer.join()
    with later[0] as service:
        told(service, done)


def away():
    """What nobody takes in the time that is left is lost, and that is said."""
    with Service() as service:
        url = service.url()
    done = run(url)
    wanted(done.returncode == 3, done.returncode)
    wanted("lost" in done.stderr and SECRET not in done.stderr, done.stderr)


def refused_record():
    with Service([answer(400)]) as service:
        done = run(service.url())
        told(service, done, code=3)
        wanted("answered 400; such records are lost" in done.stderr, done.stderr)


def refused_one_of_many():
    """The others are not lost with it."""
    with Service([answer(503), answer(413)]) as service:
        done = run("elastic+" + service.url(), THREE)
        wanted(done.returncode == 0, done.stderr)
        taken = [line for _, _, _, body in service.requests[2:] for line in body.splitlines()]
        wanted(len(taken) == 10, len(taken), "lines behind the refusal")


def items():
    """Of a _bulk each record has an answer of its own: again, refused, there already."""
    def mixed(handler):
        states = [429, 400, 409, 201, 201]
        body = json.dumps({"errors": True, "items": [
            {"create": {"status": s, "error": {"reason": "because"}}} for s in states]})
        answer(200, body.encode())(handler)

    with Service([answer(503), mixed]) as service:
        done = run("elastic+" + service.url(), THREE)
        first, second = (r[3].splitlines() for r in service.requests[1:3])
        wanted(len(first) == 10, len(first), "lines: all that waits goes in one request")
        wanted(second == first[:2], "only the one that is to be sent again")
        wanted(done.returncode == 3 and "because" in done.stderr, done.stderr)


def partial():
    body = json.dumps({"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": "no room"}})
    with Service([answer(200, body.encode())]) as service:
        done = run("otlp+" + service.url())
        told(service, done, code=3)
        wanted("no room" in done.stderr, done.stderr)


def redirected():
    with Service() as other, Service([answer(302, Location=other.url())] * 9) as service:
        done = run(target("redirected", "kind = slack", f"url = {service.url()}",
                          "header = Authorization: Bearer " + SECRET))
        wanted(not other.requests, "the secret went elsewhere")
        wanted(done.returncode == 3 and SECRET not in done.stderr, done.stderr)
        wanted(service.requests[0][2]["Authorization"] == "Bearer " + SECRET, "no header")


def tls():
    certificate = os.path.join(FOLDER, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                    certificate, "-out", certificate + ".crt"], check=True, capture_output=True)
    with open(certificate, "a", encoding="ascii") as f, \
            open(certificate + ".crt", encoding="ascii") as crt:
        f.write(crt.read())
    os.chmod(FOLDER, 0o755)
    with Service(certificate=certificate) as service:
        url = service.url(scheme="https")
        told(service, run(target("tls", f"url = {url}", f"ca = {certificate}.crt")))
        done = run(target("strange", f"url = {url}"))
        wanted(done.returncode == 3 and len(service.requests) == 1, "an unknown certificate")
        wanted("certificate" in done.stderr, done.stderr)


def usage():
    """Each mistake is one sentence, which shows no secret."""
    open_file = target("open", "url = http://127.0.0.1/" + SECRET)
    os.chmod(open_file, 0o644)
    for output, words in {
            "-": "no URL", "ftp://127.0.0.1/": "no URL", "bat+http://h/": "webhook, alertmanager",
            f"http://user:{SECRET}@127.0.0.1/": "seen by every user",
            f"ntfy+http://127.0.0.1": "ends with the topic", open_file: "chmod 640",
            "/no/such/file": "cannot be read", target("none", "# nothing"): "has no \"url",
            target("word", "urk = x"): "line 1: there is no \"urk\"",
            target("header", "header = none"): "Name: value",
            target("time", "url = http://h/", "timeout = 0"): "1 to 300",
    }.items():
        done = run(output)
        wanted(done.returncode == 3 and words in done.stderr, output, done.stderr)
        wanted(SECRET not in done.stderr, done.stderr)
        check = run(output, CAPTURE, "-T")
        wanted(check.returncode == 2 and words in check.stderr, "-T", output, check.stderr)


TESTS = [
    ("webhook: an alert", webhook), ("alertmanager", alertmanager), ("ntfy", ntfy),
    ("slack", slack), ("matrix", matrix), ("elastic: sessions and alerts", elastic),
    ("splunk: sessions and alerts", splunk), ("otlp", otlp),
    ("429, again when Retry-After says so", lambda: once_more(answer(429, Retry_After="2"), 2)),
    ("503, again", lambda: once_more(answer(503))),
    ("401, again: an administrator mends it", lambda: once_more(answer(401))),
    ("half an answer, again", lambda: once_more(half)),
    ("a reset, again", lambda: once_more(reset)),
    ("a server that stalls, again", lambda: once_more(stall, 1.4)),
    ("a server that comes later", refusing), ("a server that never comes", away),
    ("a refused record is lost and told", refused_record),
    ("of several records one is refused", refused_one_of_many),
    ("an answer for each record", items), ("a part is refused", partial),
    ("a redirection is not followed", redirected), ("TLS, its certificate checked", tls),
    ("mistakes", usage),
]
USER = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


def main():
    failed = 0
    for number, (name, test) in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, ValueError, IndexError, KeyError, OSError) as e:
            failed += 1
            print(f"not ok {number} - {name}\n# {type(e).__name__}: {e}", flush=True)
    print(f"1..{len(TESTS)}")
    return failed != 0


sys.exit(main())
