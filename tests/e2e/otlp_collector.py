"""A collector that takes traces by OTLP over HTTP in JSON, and nothing that the protocol
does not allow: what it finds wrong stands in `errors`. It answers as `answers` says."""
import http.server
import json
import re
import ssl
import threading
import time

CALL = {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano",
        "endTimeUnixNano", "attributes", "status"}
VALUES = {"stringValue": lambda v: isinstance(v, str),
          "intValue": lambda v: isinstance(v, str) and re.fullmatch(r"-?\d{1,19}", v)
          and -2**63 <= int(v) < 2**63,
          "doubleValue": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
          "boolValue": lambda v: isinstance(v, bool),
          "arrayValue": lambda v: set(v) == {"values"} and all(map(value_of, v["values"]))}


def no_doubles(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member twice: {names}"
    return dict(pairs)


def value_of(value):
    (kind, v), = value.items()
    assert VALUES[kind](v), (kind, v)
    if kind == "arrayValue":
        return [value_of(item) for item in v["values"]]
    return int(v) if kind == "intValue" else v


def attributes_of(items):
    names = [item["key"] for item in items]
    assert len(names) == len(set(names)), f"an attribute twice: {names}"
    assert all(set(item) == {"key", "value"} and item["key"] for item in items)
    return {item["key"]: value_of(item["value"]) for item in items}


def time_of(text):
    assert isinstance(text, str) and re.fullmatch(r"[1-9]\d{0,19}", text), text
    assert int(text) < 2**64
    return int(text)


def id_of(text, size):
    assert re.fullmatch(r"[0-9a-fA-F]{%d}" % (2 * size), text) and int(text, 16), text
    return text.lower()


def read_span(span):
    """A span as a dict: attributes flat, times as numbers."""
    assert {"traceId", "spanId", "name", "startTimeUnixNano", "endTimeUnixNano"} <= set(span)
    assert set(span) <= CALL, set(span) - CALL
    status = span.get("status", {})
    assert set(status) <= {"code", "message"} and status.get("code", 0) in (0, 1, 2)
    assert type(span["kind"]) is int and 0 <= span["kind"] <= 5
    out = {"trace": id_of(span["traceId"], 16), "id": id_of(span["spanId"], 8),
           "parent": id_of(span["parentSpanId"], 8) if "parentSpanId" in span else None,
           "name": span["name"], "kind": span["kind"], "status": status.get("code", 0),
           "start": time_of(span["startTimeUnixNano"]), "end": time_of(span["endTimeUnixNano"]),
           **attributes_of(span["attributes"])}
    assert out["start"] <= out["end"] and out["name"]
    return out


def read_body(raw):
    body = json.loads(raw.decode("utf-8"), object_pairs_hook=no_doubles)
    assert set(body) == {"resourceSpans"}, set(body)
    spans = []
    for resource in body["resourceSpans"]:
        assert set(resource) <= {"resource", "scopeSpans", "schemaUrl"}
        about = attributes_of(resource["resource"]["attributes"])
        assert about["service.name"] == "barker" and about["service.instance.id"]
        for scope in resource["scopeSpans"]:
            assert set(scope) <= {"scope", "spans", "schemaUrl"}
            assert scope["scope"]["name"] == "barker"
            spans += [{**read_span(s), "instance": about["service.instance.id"]}
                      for s in scope["spans"]]
    assert spans, "a request without spans"
    return spans


class Collector:
    """answers: what the next requests get, (status, headers, body), a number of seconds of
    silence, or None for the connection to be dropped; after them all is taken. tls: a file
    with certificate and key."""

    def __init__(self, answers=(), path="/v1/traces", port=0, tls=None):
        self.answers, self.path = list(answers), path
        self.spans, self.errors, self.requests, self.batches = [], [], [], []
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.take(self)

            def log_message(self, *args):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        with self.lock:
            self.requests.append((dict(request.headers), raw))
            spans = self.check(request, raw)
            answer = self.answers.pop(0) if self.answers else (200, {}, b"{}")
            if isinstance(answer, tuple) and answer[0] == 200:
                self.spans += spans
        if isinstance(answer, (int, float)):
            time.sleep(answer)
            answer = None
        if answer is None:
            request.close_connection = True
            request.connection.close()
            return
        status, headers, body = answer
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def check(self, request, raw):
        try:
            assert request.path == self.path, request.path
            assert request.headers["Content-Type"] == "application/json"
            assert len(raw) < 20 * 1024 * 1024
            spans = read_body(raw)
            self.batches.append(len(spans))
            return spans
        except Exception as error:  # noqa: BLE001 (a test reads it)
            self.errors.append(repr(error))
            return []

    def close(self):
        self.server.shutdown()
        self.server.server_close()
