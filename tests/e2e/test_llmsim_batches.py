"""The batch endpoints of barker-llmsim as their clients see them, in both dialects."""
import asyncio
import json
import subprocess
import time

import aiohttp
import pytest
from llmsim_process import BUILD, EN, START_S, ZH, request, simulators

FAST = ("--batch-ms", "100")
CHAT = "/v1/chat/completions"


class Client:
    """Requests to one simulator, one after the other."""

    def __init__(self, sim):
        self.sim = sim

    def ask(self, method, path, body=None, raw=False):
        async def go():
            data = body if isinstance(body, (aiohttp.FormData, bytes, type(None))) \
                else json.dumps(body).encode()
            async with aiohttp.ClientSession() as session:
                async with session.request(method, self.sim.url + path, data=data) as answer:
                    text = await answer.text()
                    return answer.status, text if raw else json.loads(text)
        return asyncio.run(go())

    def get(self, path):
        return self.ask("GET", path)

    def upload(self, lines, purpose="batch"):
        form = aiohttp.FormData()
        form.add_field("purpose", purpose)
        text = lines if isinstance(lines, bytes) else "".join(
            json.dumps(line) + "\n" for line in lines).encode()
        form.add_field("file", text, filename="calls.jsonl", content_type="application/jsonl")
        return self.ask("POST", "/v1/files", form)

    def create(self, lines, **more):
        file_id = self.upload(lines)[1]["id"]
        status, batch = self.ask("POST", "/v1/batches", {
            "input_file_id": file_id, "endpoint": CHAT, "completion_window": "24h", **more})
        assert status == 200, batch
        return batch

    def wait(self, path, word="status", ends=("completed", "failed", "expired", "cancelled")):
        """The batch when it has ended; the states it was seen in."""
        seen, limit = [], time.monotonic() + START_S
        while time.monotonic() < limit:
            batch = self.get(path)[1]
            if not seen or seen[-1] != batch[word]:
                seen.append(batch[word])
            if batch[word] in ends:
                return batch, seen
            time.sleep(0.005)
        raise AssertionError(f"no end: {seen}")

    def lines(self, file_id):
        if file_id is None:
            return []
        status, text = self.ask("GET", f"/v1/files/{file_id}/content", raw=True)
        assert status == 200
        return [json.loads(line) for line in text.splitlines()]

    def run(self, lines):
        batch = self.create(lines)
        batch, _ = self.wait(f"/v1/batches/{batch['id']}")
        return batch, self.lines(batch["output_file_id"]), self.lines(batch["error_file_id"])

    def run_messages(self, requests):
        status, batch = self.ask("POST", "/v1/messages/batches", {"requests": requests})
        assert status == 200, batch
        path = f"/v1/messages/batches/{batch['id']}"
        batch, seen = self.wait(path, "processing_status", ("ended",))
        text = self.ask("GET", batch["results_url"][len(self.sim.url):], raw=True)[1]
        return batch, [json.loads(line) for line in text.splitlines()], seen


@pytest.fixture
def start(tmp_path):
    with simulators(tmp_path) as go:
        yield lambda *options: Client(go(*options))


def chat_lines(count, prompt=EN, **more):
    return [{"custom_id": f"id-{i}", "method": "POST", "url": CHAT,
             "body": request(f"{prompt} {i}", **more)} for i in range(count)]


def message_requests(count, **more):
    return [{"custom_id": f"id-{i}", "params": {
        "model": "any-model", "max_tokens": 200, "system": "You write copy.",
        "messages": [{"role": "user", "content": f"{EN} {i}"}], **more}} for i in range(count)]


def done(sim):
    return {line["id"]: line for line in sim.ledger() if "done" in line}


def test_files(start):
    client = start()
    status, file = client.upload(b"one\r\n--two\n\x00\xff")
    assert status == 200 and file["object"] == "file" and file["purpose"] == "batch"
    assert file["bytes"] == 13 and file["filename"] == "calls.jsonl"
    assert client.get(f"/v1/files/{file['id']}") == (200, file)
    assert client.ask("DELETE", f"/v1/files/{file['id']}")[1]["deleted"] is True
    assert client.get(f"/v1/files/{file['id']}")[0] == 404
    assert client.get(f"/v1/files/{file['id']}/content")[0] == 404
    assert client.upload(b"x", purpose="fine-tune")[0] == 400
    assert client.ask("POST", "/v1/files", b"purpose=batch")[0] == 400


def test_a_batch_goes_through_its_states_and_comes_back_in_another_order(start):
    client = start("--batch-ms", "400")
    batch = client.create(chat_lines(40), metadata={"barker": "m1"})
    assert batch["object"] == "batch" and batch["metadata"] == {"barker": "m1"}
    assert batch["output_file_id"] is None and batch["completed_at"] is None
    batch, seen = client.wait(f"/v1/batches/{batch['id']}")
    assert seen[:2] == ["validating", "in_progress"] and seen[-1] == "completed"
    assert batch["request_counts"] == {"total": 40, "completed": 40, "failed": 0}
    assert batch["error_file_id"] is None and batch["completed_at"]
    lines = client.lines(batch["output_file_id"])
    ids = [line["custom_id"] for line in lines]
    assert sorted(ids) == sorted(f"id-{i}" for i in range(40))
    assert ids != [f"id-{i}" for i in range(40)]
    for line in lines:
        assert line["error"] is None and line["response"]["status_code"] == 200
        body = line["response"]["body"]
        assert body["object"] == "chat.completion" and body["choices"][0]["message"]["content"]
        usage = done(client.sim)[line["custom_id"]]["usage"]
        assert body["usage"]["prompt_tokens"] == usage["prompt_tokens"] > 0


def test_the_text_of_a_line_is_that_of_a_live_call(start):
    client, live = start(*FAST), start()
    _, lines, _ = client.run([{"custom_id": "a", "method": "POST", "url": CHAT,
                               "body": request(ZH)}])
    body = live.sim.chat(request(ZH))[0][2]
    assert lines[0]["response"]["body"]["choices"] == body["choices"]


def test_one_line_may_be_wrong_and_the_others_not(start):
    client = start(*FAST)
    lines = chat_lines(4)
    lines[1]["body"]["max_tokens"] = 0
    lines[2]["body"]["stream"] = True
    batch, good, bad = client.run(lines)
    assert batch["status"] == "completed"
    assert {line["custom_id"] for line in good} == {"id-0", "id-3"}
    assert {line["custom_id"]: line["response"]["status_code"] for line in bad} == {
        "id-1": 400, "id-2": 400}
    assert bad[0]["response"]["body"]["error"]["type"] == "invalid_request_error"


def test_lines_fail_and_lines_go_missing_the_same_in_each_run(start):
    runs = []
    for client in (start(*FAST, "--batch-missing", "0.2", "--batch-errors", "0.2")
                   for _ in range(2)):
        batch, good, bad = client.run(chat_lines(100))
        ids = [line["custom_id"] for line in good + bad]
        assert len(set(ids)) == len(ids) < 95 and len(bad) > 5
        assert {line["response"]["status_code"] for line in bad} == {500}
        assert set(done(client.sim)) == set(ids)  # of the others nobody ever heard
        assert batch["request_counts"] == {"total": 100, "completed": len(good),
                                           "failed": len(bad)}
        runs.append(ids)
    assert runs[0] == runs[1]


def test_an_expired_batch_has_what_was_done(start):
    client = start(*FAST, "--batch-expire", "0.3")
    batch, good, bad = client.run(chat_lines(10))
    assert batch["status"] == "expired" and batch["expired_at"]
    assert len(good) == 3 and len(bad) == 7
    assert {line["error"]["code"] for line in bad} == {"batch_expired"}
    assert {line["response"] for line in bad} == {None}
    assert len(done(client.sim)) == 3


@pytest.mark.parametrize("lines, code", [
    (b"", "empty_file"), (b"{]\n", "invalid_json_line"),
    (chat_lines(2) + chat_lines(1), "duplicate_custom_id"),
    ([{**chat_lines(1)[0], "custom_id": "not/allowed"}], "missing_required_parameter"),
    ([{**chat_lines(1)[0], "url": "/v1/embeddings"}], "mismatched_endpoint"),
    ([{**chat_lines(1)[0], "method": "GET"}], "invalid_method"),
    ([{"custom_id": "a", "method": "POST", "url": CHAT}], "missing_required_parameter"),
], ids=lambda value: value if isinstance(value, str) else "lines")
def test_validation_fails(start, lines, code):
    batch, good, bad = start(*FAST).run(lines)
    assert batch["status"] == "failed" and good == bad == []
    assert batch["errors"]["data"][0]["code"] == code


def test_validation_fails_by_chance(start):
    batch, good, bad = start(*FAST, "--batch-invalid", "1").run(chat_lines(2))
    assert batch["status"] == "failed" and good == bad == []


def test_cancel(start):
    client = start("--batch-ms", "60000")
    path = f"/v1/batches/{client.create(chat_lines(3))['id']}"
    assert client.ask("POST", path + "/cancel")[1]["status"] == "cancelling"
    batch, _ = client.wait(path)
    assert batch["status"] == "cancelled" and batch["cancelled_at"]
    assert client.ask("POST", path + "/cancel")[1]["status"] == "cancelled"


def test_lists_are_paged_newest_first(start):
    client = start("--batch-ms", "60000")
    ids = [client.create(chat_lines(1), metadata={"n": str(i)})["id"] for i in range(5)][::-1]
    seen, after = [], ""
    while True:
        status, page = client.get(f"/v1/batches?limit=2&after={after}")
        assert status == 200
        seen += [batch["id"] for batch in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break
    assert seen == ids
    assert client.get("/v1/messages/batches")[1]["data"] == []
    assert client.get("/v1/batches?after=batch_none")[0] == 404
    assert client.get("/v1/batches?limit=0")[0] == 400


def test_what_is_refused(start):
    client = start()
    file_id = client.upload(chat_lines(1))[1]["id"]
    good = {"input_file_id": file_id, "endpoint": CHAT, "completion_window": "24h"}
    for body in ({**good, "input_file_id": "file-none"}, {**good, "endpoint": "/v1/other"},
                 {**good, "completion_window": "1h"}, b"{"):
        assert client.ask("POST", "/v1/batches", body)[0] == 400
    for method, path in (("GET", "/v1/batches/none"), ("POST", "/v1/batches/none/cancel"),
                         ("DELETE", "/v1/files/none"), ("PUT", "/v1/batches"),
                         ("GET", "/v1/files"), ("GET", "/v1/messages/batches/none/results")):
        assert client.ask(method, path)[0] == 404


def test_memory_is_bounded(start):
    client = start()
    status = [client.upload(b"x" * 100)[0] for _ in range(520)]
    assert status == [200] * 512 + [429] * 8


def test_messages(start):
    client = start("--batch-ms", "300")
    schema = {"type": "object", "required": ["text"], "additionalProperties": False,
              "properties": {"text": {"type": "string", "maxLength": 50}}}
    output = {"format": {"type": "json_schema", "schema": schema}}
    batch, lines, seen = client.run_messages(message_requests(20, output_config=output))
    assert seen == ["in_progress", "ended"] and batch["type"] == "message_batch"
    assert batch["request_counts"] == {"processing": 0, "succeeded": 20, "errored": 0,
                                       "canceled": 0, "expired": 0}
    ids = [line["custom_id"] for line in lines]
    assert ids != sorted(ids) and len(set(ids)) == 20
    for line in lines:
        message = line["result"]["message"]
        assert line["result"]["type"] == "succeeded" and message["type"] == "message"
        assert json.loads(message["content"][0]["text"])["text"]
        assert message["stop_reason"] == "end_turn"
        usage = done(client.sim)[line["custom_id"]]["usage"]
        assert message["usage"]["output_tokens"] == usage["completion_tokens"] > 0


def test_messages_that_fail_expire_or_are_cancelled(start):
    batch, lines, _ = start(*FAST, "--batch-errors", "1").run_messages(message_requests(3))
    assert {line["result"]["error"]["error"]["type"] for line in lines} == {"api_error"}
    batch, lines, _ = start(*FAST, "--batch-expire", "0.5").run_messages(message_requests(4))
    assert sorted(line["result"]["type"] for line in lines) == ["expired"] * 2 + ["succeeded"] * 2
    assert batch["request_counts"]["expired"] == 2
    client = start("--batch-ms", "60000")
    path = "/v1/messages/batches/" + client.ask(
        "POST", "/v1/messages/batches", {"requests": message_requests(2)})[1]["id"]
    assert client.get(path + "/results")[0] == 404
    assert client.ask("POST", path + "/cancel")[1]["processing_status"] == "canceling"
    batch, _ = client.wait(path, "processing_status", ("ended",))
    text = client.ask("GET", path + "/results", raw=True)[1]
    lines = [json.loads(x) for x in text.splitlines()]
    assert [line["result"]["type"] for line in lines] == ["canceled"] * 2
    assert {line["custom_id"] for line in lines} == {"id-0", "id-1"}
    assert client.get("/v1/messages/batches?limit=1")[1]["data"][0]["id"] == batch["id"]


@pytest.mark.parametrize("requests", [
    [], message_requests(1) * 2, [{"custom_id": "a/b", "params": {}}], [{"custom_id": "a"}]])
def test_messages_are_checked_at_once(start, requests):
    status, body = start().ask("POST", "/v1/messages/batches", {"requests": requests})
    assert status == 400 and body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error" and body["error"]["message"]


@pytest.mark.parametrize("options", [["--batch-ms", "x"], ["--batch-missing", "2"],
                                     ["--batch-expire", "-1"]], ids=" ".join)
def test_bad_options_are_refused(options):
    ended = subprocess.run([BUILD / "barker-llmsim", *options], capture_output=True,
                           text=True, timeout=START_S)
    assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
