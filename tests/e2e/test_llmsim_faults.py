"""Faults of barker-llmsim that a client meets on the wire: money, overload inside a 200, bodies that
stall, are cut, or come byte by byte."""
import asyncio
import json

import aiohttp
import pytest
from llmsim_process import EN, ZH, request, simulators


@pytest.fixture
def start(tmp_path):
    with simulators(tmp_path) as go:
        yield go


def read(sim, body, timeout_s=20):
    """Status, pieces as they were sent (one may come in two), and what went wrong, of one
    request."""
    async def go():
        pieces, begun, failed = [], b"", None
        limit = aiohttp.ClientTimeout(total=timeout_s)
        async with aiohttp.ClientSession(timeout=limit) as session:
            async with session.post(sim.url + "/v1/chat/completions", json=body) as answer:
                try:
                    async for part, is_last in answer.content.iter_chunks():
                        begun += part
                        if is_last and begun:
                            pieces.append(begun)
                            begun = b""
                except (aiohttp.ClientPayloadError, asyncio.TimeoutError) as e:
                    failed = type(e).__name__
                return answer, pieces + [begun] * bool(begun), failed
    return asyncio.run(go())


def test_money_is_told_without_a_hint(start):
    status, headers, body = start("--fault-money", "1").chat(request(EN))[0]
    assert status == 429 and "Retry-After" not in headers
    assert body["error"]["code"] == body["error"]["type"] == "insufficient_quota"


def test_overload_comes_inside_a_200(start):
    sim = start("--fault-overload", "1")
    status, _, body = sim.chat(request(EN))[0]
    assert status == 200 and list(body) == ["error"]
    assert body["error"]["type"] == "overloaded_error"
    answer, pieces, failed = read(sim, request(EN, stream=True))
    assert answer.content_type == "text/event-stream" and failed is None
    data, value = b"".join(pieces).decode().split(" ", 1)
    assert data == "data:" and json.loads(value)["error"]["type"] == "overloaded_error"
    assert [line["usage"]["prompt_tokens"] for line in sim.ledger() if "done" in line] == [0, 0]


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_answer_has_its_first_half(start, stream):
    sim, whole = start("--fault-cut", "1"), start()
    answer, pieces, failed = read(sim, request(EN, stream=stream))
    all_of_it = b"".join(read(whole, request(EN, stream=stream))[1])
    assert answer.status == 200 and failed == "ClientPayloadError"
    assert abs(len(b"".join(pieces)) - len(all_of_it) / 2) < 9


def test_a_stalled_answer_never_ends(start):
    sim = start("--fault-stall", "1")
    answer, pieces, failed = read(sim, request(EN), timeout_s=1)
    assert answer.status == 200 and pieces == [] and failed == "TimeoutError"
    answer, pieces, failed = read(sim, request(EN, stream=True), timeout_s=1)
    text = b"".join(pieces).decode()
    assert failed == "TimeoutError" and text.startswith("data: ") and "[DONE]" not in text
    assert sim.get("/health")[2]["status"] == "ok"  # nobody else waits


@pytest.mark.parametrize("size", [1, 2, 3])
def test_bodies_come_in_pieces(start, size):
    sim, whole = start("--piece-bytes", str(size)), start()
    for stream in (False, True):
        body = request(ZH, stream=stream)
        _, pieces, failed = read(sim, body)
        assert failed is None and {len(p) for p in pieces[:-1]} == {size}
        together = b"".join(pieces).decode()
        if stream:
            assert together.endswith("data: [DONE]\n\n")
        else:
            assert json.loads(together)["choices"]
        assert len(together) == len(b"".join(read(whole, body)[1]).decode())
    assert any(piece[0] & 0xc0 == 0x80 for piece in pieces)  # characters are split


def test_faults_are_drawn_together(start):
    sim = start("--seed", "4", *[x for name in ("money", "overload", "cut")
                                 for x in (f"--fault-{name}", "0.3")])
    seen = {(answer.status, failed, b"error" in b"".join(pieces))
            for answer, pieces, failed in (read(sim, request(EN)) for _ in range(40))}
    assert seen == {(429, None, True), (200, None, True), (200, "ClientPayloadError", False),
                    (200, None, False)}
