"""A span per LLM call at a collector that is strict, away, slow or broken."""
import collections
import hashlib
import json
import socket

import pytest

from otlp_collector import Collector
from stack import wait_for
from test_tls import certificate  # noqa: F401 (a fixture)

FAULTS = ("--fault-500", "0.15", "--fault-malformed", "0.1", "--fault-drop", "0.05",
          "--latency-ms", "20:200")
SPEC = {"kind": "content", "approval": "none", "min_distance": 0,
        "segments": [{"id": "s1"}, {"id": "s2"}],
        "input": {"brief": "Beanies for the first frost", "n": 4, "angles": ["warm", "light"]}}
SECRET = "Bearer collector-secret-42"


@pytest.fixture
def collect():
    made = []

    def make(*args, **more):
        made.append(Collector(*args, **more))
        return made[-1]
    yield make
    for collector in made:
        collector.close()
        assert not collector.errors, collector.errors[:3]


def run(stack, *names):
    for name in names:
        stack.enqueue({**SPEC, "id": name})
    for name in names:
        stack.wait_state(name, "live")


def attempts(stack, *names):
    """{(campaign, stage, iteration, index, attempt): record}, of those that were sent: what was
    reserved when its worker was told to end is given back, and is no call."""
    return {(name, *at): record for name in names for at, record in stack.journal(name).items()
            if record.get("code") != "cancelled"}


def place(span):
    return (span["barker.campaign"], span["barker.stage"], span["barker.iteration"],
            span["barker.index"], span["barker.attempt"])


def digest(text, size):
    return hashlib.sha256(text.encode()).hexdigest()[:2 * size]


def log(stack):
    text = (stack.folder / "workers.log").read_text(errors="replace")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def failures(stack):
    return [line for line in log(stack) if line["event"] == "otlp.failed"]


def dropped(stack):
    return sum(int(line["spans_dropped"]) for line in failures(stack))


def configure(stack, text):
    ini = stack.folder / "barker.ini"
    ini.write_text(text)
    stack.env["BARKER_CONFIG"] = str(ini)


def end(worker):
    worker.terminate()
    assert worker.wait(20) == 0


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_one_span_per_attempt_of_two_workers(make_stack, collect):
    stack, collector = make_stack(llm_args=FAULTS), collect()
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url + "/"
    configure(stack, "[worker]\njobs = 2\n")  # so that each gets some
    workers = [stack.worker(), stack.worker()]
    wait_for("two workers", lambda: len(list(stack.redis.scan_iter("bk:worker:*"))) == 2)
    names = [f"c{i}" for i in range(6)]
    run(stack, *names)
    for worker in workers:
        end(worker)
    spans, records = collector.spans, attempts(stack, *names)
    assert collections.Counter(map(place, spans)) == dict.fromkeys(records, 1)
    assert len({s["id"] for s in spans}) == len(spans)
    assert len({s["instance"] for s in spans}) == 2
    for span in spans:
        record = records[place(span)]
        created = stack.campaign(span["barker.campaign"])["created_ms"]
        of = f"{span['barker.campaign']}/{created}"
        assert span["trace"] == digest(f"trace/{of}", 16)
        assert span["parent"] == digest(f"stage/{of}/{place(span)[1]}/{place(span)[2]}", 8)
        assert (span["kind"], span["name"]) == (3, "chat simulated")
        assert int(created) * 10**6 <= span["start"] <= span["end"]
        assert round(span["barker.cost_usd"] * 1e9) == record["usd_nano"]
        assert span["gen_ai.provider.name"] == "openai"
        assert f"http://{span['server.address']}:{span['server.port']}" == stack.llm_url
        if record["s"] == "ok":
            assert span["status"] == 0 and "error.type" not in span
            assert span["gen_ai.response.finish_reasons"] == [record["finish"]]
            assert (span["gen_ai.usage.input_tokens"], span["gen_ai.usage.output_tokens"]) == (
                record["in"], record["out"])
            assert span["gen_ai.response.id"] and span["http.response.status_code"] == 200
        else:
            assert (span["status"], span["error.type"]) == (2, record["code"])
    assert any(r["s"] == "err" for r in records.values())
    assert not failures(stack)


def test_a_campaign_that_changes_hands_is_one_trace(make_stack, collect):
    stack, collector = make_stack(llm_args=("--latency-ms", "100:200")), collect()
    configure(stack, f"[worker]\nconcurrency = 1\n[otlp]\nendpoint = {collector.url}\n")
    first = stack.worker()
    stack.enqueue({**SPEC, "id": "c"})
    wait_for("calls", lambda: len(stack.ledger()[1]) >= 2)
    second = stack.worker()
    end(first)
    stack.wait_state("c", "live")
    end(second)
    spans = collector.spans
    assert collections.Counter(map(place, spans)) == dict.fromkeys(attempts(stack, "c"), 1)
    assert len({s["trace"] for s in spans}) == 1 < len({s["instance"] for s in spans})
    stages = {(place(s)[1:3], s["parent"]) for s in spans}
    assert len(stages) == len({at for at, _ in stages})


def test_nothing_secret_leaves(make_stack, collect):
    stack, collector = make_stack(llm_args=FAULTS), collect(path="/own/path")
    stack.env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = collector.url + "/own/path"
    stack.env["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20collector-secret-42, x-team=a"
    worker = stack.worker()
    run(stack, "c")
    end(worker)
    assert collector.spans
    for headers, body in collector.requests:
        assert (headers["authorization"], headers["x-team"]) == (SECRET, "a")
        text = body.decode()
        assert "test-key" not in text and "collector-secret" not in text
        assert "first frost" not in text  # of every prompt
        for variant in stack.variants("c").values():
            assert variant["text"] not in text and variant["text"][:20] not in text
    text = (stack.folder / "workers.log").read_text()
    assert "collector-secret" not in text and "test-key" not in text


def test_a_collector_that_is_away(make_stack):
    stack = make_stack()
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{closed_port()}"
    worker = stack.worker()
    run(stack, "c")
    end(worker)
    assert dropped(stack) == len(attempts(stack, "c")) > 0


@pytest.mark.parametrize("status", [500, 400, 302])
def test_a_collector_that_refuses(make_stack, collect, status):
    stack, collector = make_stack(), collect([(status, {}, b"{}")])
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    worker = stack.worker()
    run(stack, "c")
    end(worker)
    assert len(collector.requests) == 1 and not collector.spans  # not sent again
    assert dropped(stack) == len(attempts(stack, "c"))
    assert [line["status"] for line in failures(stack)] == [str(status)]


def test_a_collector_that_does_not_answer(make_stack, collect):
    stack, collector = make_stack(), collect([600] * 50)
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    worker = stack.worker()
    run(stack, "c")
    end(worker)  # it does not wait for it
    assert dropped(stack) == len(attempts(stack, "c"))


@pytest.mark.parametrize("trouble", [(503, {}, b"{}"), (429, {"Retry-After": "1"}, b"{}"), None])
def test_a_collector_that_comes_back(make_stack, collect, trouble):
    stack, collector = make_stack(), collect([trouble, trouble])
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    worker = stack.worker()
    run(stack, "c")
    wait_for("spans", lambda: collector.spans)
    run(stack, "d")
    end(worker)
    assert collections.Counter(map(place, collector.spans)) == dict.fromkeys(
        attempts(stack, "c", "d"), 1)
    assert dropped(stack) == 0 and failures(stack)  # told, but nothing was lost


def test_a_collector_that_starts_later(make_stack, collect):
    stack, port = make_stack(), closed_port()
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
    worker = stack.worker()
    run(stack, "c")
    wait_for("a failure", lambda: failures(stack))
    collector = collect(port=port)
    wait_for("spans", lambda: collector.spans)
    end(worker)
    assert set(map(place, collector.spans)) == set(attempts(stack, "c"))


def test_a_collector_that_takes_a_part(make_stack, collect):
    answer = json.dumps({"partialSuccess": {"rejectedSpans": "3", "errorMessage": SECRET}})
    stack, collector = make_stack(), collect([(200, {}, answer.encode())])
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    stack.env["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=" + SECRET.replace(" ", "%20")
    worker = stack.worker()
    run(stack, "c")
    end(worker)
    assert len(collector.requests) == 1 and dropped(stack) == 3
    assert "collector-secret" not in (stack.folder / "workers.log").read_text()


@pytest.mark.parametrize("known", [True, False])
def test_a_certificate_of_ones_own(make_stack, collect, certificate, known):  # noqa: F811
    stack, collector = make_stack(), collect(tls=certificate)
    stack.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    if known:
        stack.env["OTEL_EXPORTER_OTLP_CERTIFICATE"] = str(certificate)
    worker = stack.worker()
    run(stack, "c")
    end(worker)
    count = len(attempts(stack, "c"))
    assert (len(collector.spans), dropped(stack)) == ((count, 0) if known else (0, count))


@pytest.mark.parametrize("variable, value", [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "hush-hush"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "a=hush%0d%0ab: c"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "a b=hush")])
def test_settings_that_cannot_be(make_stack, variable, value):
    stack = make_stack()
    stack.env.update({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", variable: value})
    worker = stack.worker()
    assert worker.wait(20) == 2
    stack.procs.remove(worker)
    text = (stack.folder / "workers.log").read_text()
    assert "hush" not in text and ("otlp.endpoint" in text or variable in text)
