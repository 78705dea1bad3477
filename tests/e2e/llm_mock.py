#!/usr/bin/python3
"""A second, independent mock of LLM endpoints, in the dialects of llm_dialects.py: what passes with it
and with tests/llmsim does not lean on the habits of one. Same ledger lines as there, with the
content of what was sent whole. Streams come in pieces of odd sizes."""
import argparse
import asyncio
import contextlib
import hashlib
import itertools
import json
import math
import os
import pathlib
import random
import re
import ssl
import time

from aiohttp import web
from llm_dialects import ROUTES
from llm_streams import OVERLOADED, encode, events

ENGLISH = [part.split() for part in (
    "Bright Quiet Gentle Bold Fresh Warm Crisp Clever Sunny Steady",
    "mornings evenings weekends errands journeys kitchens gardens desks",
    "deserve feel_like welcome reward invite need",
    "a_softer_touch good_company one_small_treat better_tools calm some_color")]
CHINESE = [part.split() for part in (
    "清晨 周末 旅途 厨房 书桌 花园", "值得 需要 迎来 珍惜", "小惊喜 好的陪伴 柔和的光 新的节奏")]


def sentence(rng, chinese):
    if chinese:
        return "".join(rng.choice(part) for part in CHINESE) + "。"
    return " ".join(rng.choice(part) for part in ENGLISH).replace("_", " ") + "."


def asked_limit(prompt, field):
    """N of the line "field: … at most N characters"; 100,000 without one."""
    line = re.search(rf"^{re.escape(field)}:.*?at most (\d+) characters", prompt, re.M)
    return int(line.group(1)) if field and line else 100000


def make_string(schema, rng, chinese, used, limit=100000):
    low, high = schema.get("minLength", 0), min(limit, schema.get("maxLength", 100000))
    for _ in range(200):
        text = sentence(rng, chinese)
        while len(text) < max(low, limit // 2 if limit < 1000 else 0):
            text += ("" if chinese else " ") + sentence(rng, chinese)
        text = text[:high]
        if text not in used:
            break
    used.add(text)
    return text


def make(schema, rng, chinese, root, used, limit=lambda field: 100000, field=""):
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].split("/")[1:]:
            target = target[part]
        return make(target, rng, chinese, root, used, limit, field)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return rng.choice(schema["enum"])
    if "anyOf" in schema:
        return make(schema["anyOf"][0], rng, chinese, root, used, limit, field)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        names = schema.get("required", schema.get("properties", {}))
        return {n: make(schema["properties"][n], rng, chinese, root, used, limit, n)
                for n in names}
    if kind == "array":
        count = max(schema.get("minItems", 0), min(2, schema.get("maxItems", 2)))
        return [make(schema.get("items", {}), rng, chinese, root, used, limit, field)
                for _ in range(count)]
    if kind == "string":
        return make_string(schema, rng, chinese, used, limit(field))
    if kind in ("boolean", "null"):
        return None if kind == "null" else rng.random() < 0.5
    low = schema.get("minimum", min(0, schema.get("maximum", 0)))
    return math.ceil(low) if kind == "integer" else low


def failure(kind, message):
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


REFUSALS = {"500": (500, failure("server_error", "mock failure")),
            "529": (529, failure("overloaded_error", "mock overload")),
            "money": (429, failure("insufficient_quota", "mock bill")),
            "rate": (429, failure("rate_limit_exceeded", "mock rate"))}


class Mock:
    def __init__(self, args):
        self.args, self.numbers, self.seen, self.under_way = args, itertools.count(1), {}, 0
        low, _, high = args.latency_ms.partition(":")
        self.latency = float(low), float(high or low)
        self.ledger = open(args.ledger, "a", encoding="utf-8") if args.ledger else None

    def note(self, **line):
        if self.ledger:
            self.ledger.write(json.dumps(line) + "\n")
            self.ledger.flush()

    def handler(self, dialect):
        async def handle(request):
            self.under_way += 1
            try:
                return await self.serve(dialect, request)
            finally:
                self.under_way -= 1
        return handle

    async def answer_is_due(self, number):
        await asyncio.sleep(random.uniform(*self.latency) / 1000)
        while self.args.hold and number > int(pathlib.Path(self.args.hold).read_text() or 0):
            await asyncio.sleep(0.005)

    async def serve(self, dialect, request):
        number = next(self.numbers)
        client_id = request.headers.get("X-Client-Request-Id", "")
        prompt, model, schema, status, usage, body = "", "", None, 200, {}, {}
        try:
            body = await request.json()
            model, prompt, schema = dialect.read(body)
            model = model or request.match_info.get("model", "")
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            status, answer = 400, failure("invalid_request_error", repr(error))
        for name in set(self.args.refuse) & set(body):
            status, answer = 400, failure("invalid_request_error",
                                          f"Unsupported parameter: '{name}'")
        if self.args.key and dialect.key(request.headers) != self.args.key:
            status, answer = 401, failure("authentication_error", "wrong key")
        if status == 200 and self.under_way > self.args.at_once:
            status, answer = 429, failure("rate_limit_error_of_calls", "too many concurrent calls")
        digest = hashlib.sha256(prompt.encode()).hexdigest() if status == 200 else ""
        whole = {"request": await request.text(), "url": str(request.url)}
        self.note(n=number, t_ms=int(time.time() * 1000), id=client_id, prompt_sha256=digest,
                  model=model, **(whole if self.args.whole else {}))
        await self.answer_is_due(number)
        fails = status == 200 and self.fails(number, client_id)
        if fails and self.args.fail_by == "late":
            status = await self.never_answer(request)
            answer = {}
        elif fails and self.args.fail_by == "drop":
            request.transport.close()
            status, answer = 0, {}
        elif fails and self.args.fail_by in REFUSALS:
            status, answer = REFUSALS[self.args.fail_by]
        elif status == 200:
            say = getattr(dialect, "say", None)
            content = say(body) if say else self.content(prompt, schema, digest)
            usage = {"prompt_tokens": len(prompt) // 4 + 1,
                     "completion_tokens": self.args.reply_tokens or len(content) // 4 + 1}
            usage["total_tokens"] = sum(usage.values())
            answer = dialect.write(number, model, content, usage["prompt_tokens"],
                                   usage["completion_tokens"])
            if body.get("stream") or "alt=sse" in request.query_string:
                include = (body.get("stream_options") or {}).get("include_usage", False)
                parts = list(events(dialect, answer, content, random.Random(number), include))
                line = {"n": number, "id": client_id, "done": True, "usage": usage,
                        "content": content}
                return await self.stream(request, parts, self.args.fail_by if fails else "", line)
        self.note(n=number, id=client_id, done=True, status=status,
                  t_ms=int(time.time() * 1000), usage=usage)
        headers = {"X-Simulated": "llm_mock"}
        if status == 429 and self.args.retry_after:
            headers["Retry-After"] = self.args.retry_after
        if status == 429 and self.args.full_again:
            headers["x-ratelimit-remaining-tokens"] = "0"
            headers["x-ratelimit-reset-tokens"] = self.args.full_again
        return web.json_response(answer, status=status or 500, headers=headers)

    def fails(self, number, client_id):
        if self.args.fail_while and os.path.exists(self.args.fail_while):
            return re.search(self.args.fail_match, client_id)
        return self.args.fail_every and number % self.args.fail_every == 0

    async def stream(self, request, parts, fail_by, line):
        """Sends the events; or what fail_by makes of them, which is no answer."""
        answer = web.StreamResponse(headers={"Content-Type": self.args.stream_type,
                                             "X-Simulated": "llm_mock"})
        await answer.prepare(request)
        half = b"".join(parts[:len(parts) // 2])
        data = {"": b"".join(parts), "cut": half[:-3], "end": half,
                "error": encode("error", OVERLOADED, False, "\n"),
                "middle": half + encode("error", OVERLOADED, False, "\n"),
                "endless": half, "stall": half, "mute": b"", "pings": b""}[fail_by]
        if fail_by:
            line.update(usage={}, content=None)
        for at in range(0, len(data), 13):
            await answer.write(data[at:at + 13])
        status = 200
        if fail_by == "cut":
            request.transport.close()
            status = 0
        elif fail_by in ("endless", "stall", "mute", "pings"):
            part = parts[len(parts) // 2] if fail_by == "endless" else b": ping\n\n"
            status = await self.never_end(request, answer,
                                          b"" if fail_by in ("stall", "mute") else part)
        else:
            await answer.write_eof()
        self.note(**line, status=status, t_ms=int(time.time() * 1000))
        return answer

    @staticmethod
    async def never_end(request, answer, part):
        """The same event, or nothing, again and again until the client hangs up."""
        with contextlib.suppress(ConnectionResetError, asyncio.CancelledError):
            while request.transport and not request.transport.is_closing():
                if part:
                    await answer.write(part)
                await asyncio.sleep(0.001)
        return 499

    @staticmethod
    async def never_answer(request):
        """No byte, until the client hangs up."""
        with contextlib.suppress(asyncio.CancelledError):
            while request.transport and not request.transport.is_closing():
                await asyncio.sleep(0.01)
        return 499

    def content(self, prompt, schema, digest):
        turn = self.seen[digest] = self.seen.get(digest, -1) + 1
        rng = random.Random(f"{digest}/{turn}")
        chinese = "zh" in prompt or sum("一" <= c < "鿿" for c in prompt) * 4 > len(prompt)
        if schema is None:
            return sentence(rng, chinese)
        copied = re.search(self.args.copy, prompt) if self.args.copy else None
        if copied:
            return json.dumps(make(schema, rng, chinese, schema, set(), lambda field: 8),
                              ensure_ascii=False).replace('"}', f' {copied.group(0)}"}}')
        value = make(schema, rng, chinese, schema, set(),
                     lambda field: asked_limit(prompt, field))
        return json.dumps(value, ensure_ascii=False)


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", default="0", help="N or MIN:MAX")
    parser.add_argument("--ledger")
    parser.add_argument("--whole", action="store_true", help="requests stand in it as they came")
    parser.add_argument("--copy", help="what matches this in a prompt stands in its answer")
    parser.add_argument("--hold", help="a file with a number: later calls wait for their answer")
    parser.add_argument("--reply-tokens", type=int, default=0, help="each reply counts as so many")
    parser.add_argument("--fail-every", type=int, default=0)
    parser.add_argument("--fail-by", default="500",
                        choices=[*REFUSALS, "drop", "cut", "end", "error", "middle", "endless",
                                 "stall", "mute", "pings", "late"])
    parser.add_argument("--stream-type", default="text/event-stream")
    parser.add_argument("--refuse", action="append", default=[],
                        help="a parameter that is no parameter here")
    parser.add_argument("--fail-while", help="every call fails while this file exists")
    parser.add_argument("--fail-match", default="", help="and only those whose id fits")
    parser.add_argument("--at-once", type=int, default=10**9, help="more are refused")
    parser.add_argument("--retry-after", help="seconds, told with a 429")
    parser.add_argument("--full-again", help="with a 429: no tokens left, and when all are back")
    app = web.Application()
    parser.add_argument("--key", help="refuse other keys; without it none is looked at")
    parser.add_argument("--tls", help="PEM file with certificate and key: https")
    mock = Mock(args := parser.parse_args())
    for route, dialect in ROUTES.items():
        app.router.add_post(route, mock.handler(dialect))
    runner = web.AppRunner(app)
    await runner.setup()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if args.tls else None
    if tls:
        tls.load_cert_chain(args.tls)
    await web.TCPSite(runner, "127.0.0.1", args.port, backlog=1024, ssl_context=tls).start()
    print(f"listening on http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
