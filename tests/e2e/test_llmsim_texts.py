"""Embeddings and moderations of barker-llmsim and llm_mock, as their clients see them."""
import base64
import struct
import sys

import pytest
from llmsim_process import ROOT, Server, simulators


@pytest.fixture
def start(tmp_path):
    with simulators(tmp_path) as go:
        yield go


@pytest.fixture(params=["sim", "mock"])
def either(request, tmp_path):
    if request.param == "sim":
        yield request.getfixturevalue("start")()
        return
    one = Server([sys.executable, ROOT / "tests/e2e/llm_mock.py"], tmp_path)
    yield one
    one.stop()


def embedding(server, text, **more):
    status, headers, answer = server.post("/v1/embeddings",
                                          {"model": "e", "input": [text], **more})
    assert status == 200 and headers["X-Simulated"], answer
    vector = answer["data"][0]["embedding"]
    if isinstance(vector, str):
        raw = base64.b64decode(vector, validate=True)
        vector = list(struct.unpack(f"<{len(raw) // 4}f", raw))
    assert abs(sum(x * x for x in vector) - 1) < 1e-5
    return vector


def near(one, other):
    return sum(x * y for x, y in zip(one, other, strict=True))


def test_embeddings(either):
    server = either
    tea, again = embedding(server, "Winter tea, warm"), embedding(server, "warm winter TEA")
    assert near(tea, again) > 0.9999
    assert 0.3 < near(tea, embedding(server, "winter tea, cold")) < 0.99
    assert abs(near(tea, embedding(server, "hiking boots"))) < 0.6
    for more in ({}, {"dimensions": 3}):
        plain = embedding(server, "tea", **more)
        packed = embedding(server, "tea", encoding_format="base64", **more)
        assert len(plain) == len(packed) == more.get("dimensions", len(plain))
        assert near(plain, packed) > 0.9999
    assert embedding(server, "!?")[0] == 1
    done = server.ledger()[1]
    assert done["status"] == 200 and done["usage"]["prompt_tokens"] > 0


def test_moderations(either):
    server = either
    for text, category in (("You idiot!", "harassment"), ("Slaughter", "violence"),
                           ("Idiotic slaughterhouse prices", None)):
        status, headers, answer = server.post("/v1/moderations", {"model": "m", "input": text})
        assert status == 200 and headers["X-Simulated"]
        result = answer["results"][0]
        assert result["flagged"] is bool(category) and "usage" not in answer
        assert [k for k, v in result["categories"].items() if v] == [category] * bool(category)
        assert result["categories"].keys() == result["category_scores"].keys()
    assert {line["status"] for line in server.ledger() if "done" in line} == {200}


@pytest.mark.parametrize("path, more", [
    ("embeddings", {"input": []}), ("embeddings", {"input": [[1, 2]]}),
    ("embeddings", {"input": ""}), ("embeddings", {"dimensions": 0}),
    ("embeddings", {"encoding_format": "hex"}), ("embeddings", {"model": ""}),
    ("moderations", {"input": [{"type": "image_url"}]}), ("moderations", {"input": None})])
def test_bad_texts_are_refused(start, path, more):
    body = {"model": "m", "input": "a", **more}
    status, headers, answer = start().post(f"/v1/{path}", body)
    assert status == 400 and headers["X-Simulated"] and answer["error"]["message"]


def test_other_answers_fail_like_chats(start):
    assert start("--fault-500", "1").post("/v1/embeddings", {"model": "m", "input": "a"})[0] == 500
    broken = start("--fault-malformed", "1")
    one = broken.post("/v1/embeddings", {"model": "m", "input": "a"})[2]
    two = broken.post("/v1/moderations", {"model": "m", "input": "a"})[2]
    assert (one["data"][0]["embedding"], two["results"]) == ([], [{}])
