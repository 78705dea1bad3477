"""barker-llmsim as a process, and what is asked of it."""
import asyncio
import contextlib
import json
import os
import pathlib
import signal
import subprocess

import aiohttp

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BARKER_BUILD", ROOT / "build" / "dev"))
START_S = 30

EN = ("Brief: a reusable insulated mug for commuters.\n"
      'Facts: {"product": "AeroBrew Travel Mug", "price": "39.95"}\nLocale: en-US\n')
ZH = '推广保温杯。\nFACTS: {"product": "云杯"}\n语言地区:zh-CN\n'


def request(prompt, schema=None, **more):
    body = {"model": "any-model", "messages": [
        {"role": "system", "content": "You write copy."},
        {"role": "user", "content": prompt}], **more}
    if schema:
        body["response_format"] = {"type": "json_schema", "json_schema": {
            "name": "reply", "strict": True, "schema": schema}}
    return body


def content(answer):
    status, _, body = answer
    assert status == 200, body
    return body["choices"][0]["message"]["content"]


class Server:
    """One server process; the folder holds its ledger."""

    def __init__(self, command, folder):
        self.ledger_path = folder / "ledger.ndjson"
        self.process = subprocess.Popen(
            [*command, "--ledger", str(self.ledger_path)], stdout=subprocess.PIPE,
            text=True)
        line = self.process.stdout.readline()
        self.banner, self.url = line, line.strip().rsplit(" ", 1)[-1]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_S)
        self.process.stdout.close()
        return code

    def ledger(self):
        return [json.loads(line) for line in self.ledger_path.read_text().splitlines()]

    async def _all(self, bodies, ids, drops, path="/v1/chat/completions"):
        async def one(session, body, request_id):
            headers = {"X-Client-Request-Id": request_id,
                       "Content-Type": "application/json"}
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            try:
                async with session.post(self.url + path, data=data,
                                        headers=headers) as answer:
                    return answer.status, answer.headers, await answer.json()
            except aiohttp.ClientConnectionError:
                drops.append(request_id)
                return 0, {}, {}
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            return await asyncio.gather(*map(one, [session] * len(bodies), bodies, ids))

    def chat(self, *bodies, drops=None):
        ids = [f"c/{i}" for i in range(len(bodies))]
        return asyncio.run(self._all(bodies, ids, [] if drops is None else drops))

    def post(self, path, body):
        return asyncio.run(self._all([body], ["p"], [], path))[0]

    def get(self, path):
        async def fetch():
            async with aiohttp.ClientSession() as session:
                async with session.get(self.url + path) as answer:
                    return answer.status, answer.headers, await answer.json()
        return asyncio.run(fetch())


@contextlib.contextmanager
def simulators(folder):
    """Gives a function that starts one with the options given, each with a folder of its own."""
    servers = []

    def go(*options):
        own = folder / str(len(servers))
        own.mkdir()
        servers.append(Server([BUILD / "barker-llmsim", *options], own))
        return servers[-1]
    yield go
    assert [s.stop() for s in servers] == [0] * len(servers)  # sanitizers exit non-zero
