"""barker-llmsim and llm_mock as their clients see them: routes, schemas, faults, ledger."""
import asyncio
import hashlib
import json
import re
import subprocess
import sys

import pytest
from llmsim_process import BUILD, EN, ROOT, START_S, ZH, Server, content, request, simulators

WIDE = {
    "type": "object", "additionalProperties": False,
    "$defs": {"node": {
        "type": "object", "required": ["v"], "properties": {
            "v": {"type": "integer", "minimum": 3, "exclusiveMaximum": 5},
            "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}},
    "required": ["texts", "subject", "score", "ok", "kind", "fixed", "maybe", "tree",
                 "none", "long", "tiny"],
    "properties": {
        "texts": {"type": "array", "minItems": 12, "maxItems": 12,
                  "items": {"type": "string", "minLength": 8, "maxLength": 90}},
        "subject": {"type": "string", "maxLength": 30, "description": "subject line"},
        "score": {"type": "number", "minimum": 0.25, "maximum": 0.75},
        "ok": {"type": "boolean"},
        "kind": {"type": "string", "enum": ["sms", "email"]},
        "fixed": {"const": {"a": [1, "x"]}},
        "maybe": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 12}]},
        "tree": {"$ref": "#/$defs/node"},
        "none": {"type": "null"},
        "long": {"type": "string", "minLength": 300, "maxLength": 320},
        "tiny": {"type": "array", "minItems": 30, "maxItems": 30,
                 "items": {"type": "string", "minLength": 1, "maxLength": 2}},
    },
}


def obeys(schema, value, root):
    """The subset of JSON Schema used here, written for this test alone."""
    if "$ref" in schema:
        return obeys(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], value, root)
    if "const" in schema:
        return value == schema["const"]
    if "anyOf" in schema:
        return any(obeys(branch, value, root) for branch in schema["anyOf"])
    python = {"object": dict, "array": list, "string": str, "boolean": bool,
              "null": type(None), "integer": int, "number": (int, float)}
    if not isinstance(value, python[schema["type"]]):
        return False
    if isinstance(value, dict):
        names = schema["properties"]
        return (all(n in value for n in schema.get("required", [])) and
                all(n in names and obeys(names[n], v, root) for n, v in value.items()))
    if isinstance(value, list):
        return (schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 999)
                and all(obeys(schema["items"], v, root) for v in value))
    if isinstance(value, str):
        return (schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 9999)
                and value in schema.get("enum", [value]))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (schema.get("minimum", value) <= value <= schema.get("maximum", value)
                and value < schema.get("exclusiveMaximum", value + 1))
    return True


@pytest.fixture
def start(tmp_path):
    with simulators(tmp_path) as go:
        yield go


@pytest.fixture
def start_mock(tmp_path):
    servers = []

    def go(*options):
        servers.append(Server([sys.executable, ROOT / "tests/e2e/llm_mock.py", *options],
                              tmp_path))
        return servers[-1]
    yield go
    for server in servers:
        server.stop()


def test_answer_has_the_shape_of_a_chat_completion(start):
    sim = start()
    assert sim.banner.startswith("barker-llmsim (simulated LLM) listening on http://")
    status, headers, body = sim.chat(request(EN))[0]
    assert status == 200 and headers["X-Simulated"] == "barker-llmsim"
    assert body["object"] == "chat.completion" and body["model"] == "any-model"
    assert body["system_fingerprint"] == "barker-llmsim" and body["id"]
    assert body["choices"][0]["finish_reason"] == "stop"
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == -(-len(content((200, 0, body))) // 4)


@pytest.mark.parametrize("prompt", [EN, ZH])
def test_obeys_a_wide_schema(start, prompt):
    for answer in start().chat(*[request(prompt, WIDE)] * 12):
        value = json.loads(content(answer))
        assert obeys(WIDE, value, WIDE), value
        assert len(set(value["texts"])) == 12 and len(set(value["tiny"])) == 30


def test_writes_in_the_language_of_the_prompt(start):
    sim = start()
    english, chinese, locale = (content(a) for a in sim.chat(
        request(EN), request("为新款保温杯写一句广告语。"), request(EN + "Locale: zh-CN")))
    assert english.isascii()
    assert re.search("[一-鿿]{4}", chinese) and re.search("[一-鿿]{4}", locale)


def test_names_the_product_and_invents_no_digit(start):
    texts = [content(a) for a in start().chat(*[request(EN)] * 40)]
    assert sum("AeroBrew Travel Mug" in text for text in texts) > 20
    assert not re.search("[0-9%$]", "".join(texts).replace("39.95", ""))


def test_the_same_prompt_again_is_another_sample_of_the_same_run(start):
    one, two, other = start("--seed", "7"), start("--seed", "7"), start("--seed", "8")
    first = [content(one.chat(request(EN))[0]) for _ in range(6)]
    assert first == [content(two.chat(request(EN))[0]) for _ in range(6)]
    assert first != [content(other.chat(request(EN))[0]) for _ in range(6)]
    assert len(set(first)) >= 5
    angles = [content(a) for a in one.chat(*[request(f"{EN}ANGLE: {w}") for w in
                                             ("warmth", "gift", "travel", "habit")])]
    assert len(set(angles)) == 4


def test_a_limit_in_words_is_kept_most_of_the_time(start):
    schema = {"type": "object", "required": ["subject", "text"], "properties": {
        "subject": {"type": "string"}, "text": {"type": "string"}}}
    limits = EN + "mail.subject: at most 40 characters. text: at most 120 characters."
    values = [json.loads(content(a)) for a in start().chat(*[request(limits, schema)] * 100)]
    over = [v for v in values if len(v["subject"]) > 40 or len(v["text"]) > 120]
    assert 1 <= len(over) <= 25
    assert any(40 < len(v["text"]) for v in values)


def test_words_that_must_not_appear_do_not(start):
    never = EN + "Words that must never appear: simple, calm, look, more, day\n"
    texts = " ".join(content(a) for a in start().chat(*[request(never)] * 60)).lower()
    assert not re.search("simple|calm|look|more|day", texts)


def test_max_tokens_cuts(start):
    sim = start()
    for body in (request(EN, max_tokens=3), request(ZH, max_completion_tokens=3)):
        status, _, answer = sim.chat(body)[0]
        assert answer["choices"][0]["finish_reason"] == "length"
        assert answer["usage"]["completion_tokens"] == 3
    assert len(content((status, 0, answer))) == 3


@pytest.mark.parametrize("body", [
    b"{", b"[]", b"\xff", b"{}", request(EN, model=""),
    request(EN, model="x" * 99999), request(EN, n=2), request(EN, max_tokens=0), {"model": "m", "messages": []},
    request(EN, {"type": "string", "pattern": "a+"}),
    request(EN, {"type": "string", "minLength": 9, "maxLength": 3}),
    request(EN, {"$ref": "#"}), request(EN, {"$ref": "#/$defs/none"}),
    request(EN, {"type": "array", "minItems": 100000}),
    request(EN, {"enum": []}), request(EN, {"type": "integer", "minimum": 2, "maximum": 1}),
    request(EN, {"type": "array", "items": {"enum": [1]}, "uniqueItems": True,
                 "minItems": 2}),
], ids=lambda body: str(body)[:60])
def test_bad_requests_are_400_with_an_error_body(start, body):
    sim = start()
    status, headers, answer = sim.chat(body)[0]
    assert status == 400 and headers["X-Simulated"] == "barker-llmsim"
    assert answer["error"]["type"] == "invalid_request_error" and answer["error"]["message"]
    assert [line.get("status") for line in sim.ledger()] == [None, 400]


def test_other_routes(start):
    sim = start()
    assert sim.get("/v1/models")[2]["data"][0]["id"] == "barker-llmsim"
    assert sim.get("/health")[2]["status"] == "ok"
    assert sim.get("/ledger")[2] == []
    status, headers, body = sim.get("/nowhere")
    assert status == 404 and headers["X-Simulated"] and body["error"]["code"]
    sim.chat(request(EN))
    assert sim.get("/ledger")[2] == sim.ledger() and len(sim.ledger()) == 2


def test_ledger_tells_arrival_and_end(start):
    sim = start()
    sim.chat(request(EN), request(ZH))
    arrived = {line["id"]: line for line in sim.ledger() if "done" not in line}
    done = {line["id"]: line for line in sim.ledger() if "done" in line}
    assert set(arrived) == set(done) == {"c/0", "c/1"}
    digest = hashlib.sha256(f"You write copy.\n{EN}\n".encode()).hexdigest()
    assert arrived["c/0"]["prompt_sha256"] == digest
    assert arrived["c/0"]["model"] == "any-model"
    assert done["c/0"]["status"] == 200 and done["c/0"]["usage"]["completion_tokens"] > 0


def test_a_client_that_leaves_is_in_the_ledger(start):
    sim = start("--latency-ms", "60000:60000", "--max-requests", "1")

    async def leave():
        call = asyncio.create_task(sim._all([request(EN)], ["gone"], []))
        while not sim.ledger_path.read_text():
            await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.wait([call])
    asyncio.run(leave())
    sim.process.wait(START_S)  # it counts as the one request it was asked to serve
    assert [line.get("status") for line in sim.ledger()] == [None, 499]


def test_faults_are_the_same_in_each_run(start):
    options = ("--seed", "3", "--fault-rate-limit", "0.2", "--fault-500", "0.2",
               "--fault-drop", "0.2", "--retry-after", "0.25")
    runs = []
    for sim in (start(*options), start(*options)):
        drops = []
        answers = [sim.chat(request(EN), drops=drops)[0] for _ in range(60)]
        runs.append([status for status, _, _ in answers])
        limited = [a for a in answers if a[0] == 429]
        assert limited[0][1]["Retry-After"] == "0.25"
        assert limited[0][2]["error"]["code"] == "rate_limit_exceeded"
        assert [x["status"] for x in sim.ledger() if "done" in x] == runs[-1]
        assert len(drops) == runs[-1].count(0)
    assert runs[0] == runs[1] and set(runs[0]) == {0, 200, 429, 500}


def test_faults_of_content(start):
    for answer in start("--fault-malformed", "1").chat(*[request(EN, WIDE)] * 12):
        with pytest.raises(ValueError):
            json.loads(content(answer))
    for answer in start("--fault-schema", "1").chat(*[request(EN, WIDE)] * 4):
        assert not obeys(WIDE, json.loads(content(answer)), WIDE)


def test_many_wait_at_once(start):
    sim = start("--latency-ms", "500:500")
    answers = sim.chat(*[request(f"{EN} {i}") for i in range(400)])
    assert {status for status, _, _ in answers} == {200}
    assert sim.get("/health")[2]["peak_in_flight"] >= 200


def test_safety_bounds(start):
    sim = start("--max-requests", "3")
    sim.chat(request(EN), request(EN), request(EN))
    assert sim.process.wait(START_S) == 0
    assert start("--exit-after", "1").process.wait(START_S) == 0


@pytest.mark.parametrize("options", [
    ["--latency-ms", "5"], ["--latency-ms", "9:5"], ["--fault-500", "1.5"],
    ["--fault-500", "0.6", "--fault-drop", "0.6"], ["--seed", "x"], ["--what"], ["x"],
    ["--latency-ms", "lognormal:5"], ["--listen", "nonsense"]], ids=" ".join)
def test_bad_options_are_refused(options):
    ended = subprocess.run([BUILD / "barker-llmsim", *options], capture_output=True,
                           text=True, timeout=START_S)
    assert ended.returncode in (1, 2) and ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1


def test_mock_speaks_the_same_route(start_mock):
    mock = start_mock("--latency-ms", "1:2", "--fail-every", "4")
    wide = {**WIDE, "properties": {**WIDE["properties"]}}
    del wide["properties"]["tiny"]  # it has no words of two letters
    wide["required"] = [name for name in WIDE["required"] if name != "tiny"]
    answers = [mock.chat(request(p, wide))[0] for p in (EN, ZH, EN)]
    for answer in answers:
        value = json.loads(content(answer))
        assert obeys(wide, value, wide), value
        assert len(set(value["texts"])) == 12
    assert content(answers[0]) != content(answers[2])
    assert re.search("[一-鿿]{4}", content(answers[1]))
    assert [a[0] for a in mock.chat(request(EN))] == [500]
    assert [a[0] for a in mock.chat(b"{")] == [400]
    lines = mock.ledger()
    assert [x.get("status") for x in lines] == [None, 200] * 3 + [None, 500, None, 400]
    assert {"n", "t_ms", "id", "prompt_sha256", "model"} == set(lines[0])
    assert {"n", "id", "done", "status", "t_ms", "usage"} == set(lines[1])
    digest = hashlib.sha256(f"You write copy.\n{EN}\n".encode()).hexdigest()
    assert lines[0]["prompt_sha256"] == digest


@pytest.mark.parametrize("form", ["openai", "anthropic"])
def test_limits_are_told_and_held(tmp_path, form):
    with simulators(tmp_path) as go:
        server = go("--limit-rpm", "3", "--limit-otpm", "4000", "--limit-headers", form)
        answers = [server.chat(request(EN))[0] for _ in range(5)]
    assert [status for status, _, _ in answers] == [200] * 3 + [429] * 2
    name = "x-ratelimit-%s-requests" if form == "openai" else "anthropic-ratelimit-requests-%s"
    told = [h[name % "remaining"] for _, h, _ in answers]
    assert told == ["2", "1", "0", "0", "0"]
    out = [body["usage"]["completion_tokens"] for status, _, body in answers if status == 200]
    word = name.replace("requests", "output-tokens") % "remaining"
    assert [int(h[word]) for _, h, _ in answers[:3]] == [4000 - sum(out[:i + 1]) for i in range(3)]
    for _, headers, _ in answers:
        assert headers[name % "limit"] == "3"
        assert ("s" if form == "openai" else "Z") == headers[name % "reset"][-1]
    assert 0 < float(answers[-1][1]["Retry-After"]) <= 60
