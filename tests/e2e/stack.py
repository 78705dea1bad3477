"""A real stack for one test: a Redis, an LLM server, barker processes. Everything
runs in a temporary folder, on a unix socket or a free loopback port, and is stopped by
its pid at the end."""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import redis

from redis_program import redis_program

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BARKER_BUILD", ROOT / "build" / "dev")).resolve()
WAIT_S = 60


def wait_for(what, probe, timeout_s=WAIT_S):
    """Polls until probe() is truthy; its last value is returned."""
    end = time.monotonic() + timeout_s
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < end, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)


class Stack:
    fsync = "everysec"  # of its Redis
    redis_env = None

    def __init__(self, folder, llm="sim", llm_args=()):
        self.folder = pathlib.Path(folder)
        self.procs = []
        self.server = None
        self.socket = str(self.folder / "r.sock")
        self.url = f"unix://{self.socket}"
        self.ledger_file = self.folder / "ledger.ndjson"
        self.start_redis()
        self.env = dict(os.environ, BARKER_REDIS_URL=self.url, OPENAI_API_KEY="test-key",
                        BARKER_MODEL="simulated", BARKER_LLM_RETRY_BASE_MS="20",
                        BARKER_RERANK_MS="200", BARKER_RERANK_EVENTS="50",
                        HOME=str(self.folder))
        self.env.pop("BARKER_CONFIG", None)
        self.start_llm(llm, llm_args)

    def start_redis(self):
        self.server = subprocess.Popen(
            [redis_program(), "--port", "0", "--unixsocket", self.socket, "--dir",
             str(self.folder), "--save", "", "--appendonly", "yes", "--appendfsync",
             self.fsync, "--loglevel", "warning"], stdout=subprocess.DEVNULL,
            env=self.redis_env)
        self.redis = redis.Redis(unix_socket_path=self.socket, decode_responses=True)

        def up():
            with contextlib.suppress(redis.exceptions.RedisError):
                return self.redis.ping()
        wait_for("redis", up)

    def stop_redis(self, signum=signal.SIGKILL):
        self.server.send_signal(signum)
        self.server.wait()

    def start_llm(self, llm, args):
        if llm == "sim":
            argv = [str(BUILD / "barker-llmsim"), "--listen", "127.0.0.1:0"]
        else:
            argv = [sys.executable, str(ROOT / "tests/e2e/llm_mock.py"), "--port", "0"]
        proc = subprocess.Popen(argv + ["--ledger", str(self.ledger_file), *args],
                                stdout=subprocess.PIPE, text=True)
        self.procs.append(proc)
        line = proc.stdout.readline()
        self.llm_url = re.search(r"https?://[\d.]+:\d+", line).group(0)
        self.env["OPENAI_BASE_URL"] = self.llm_url + "/v1"

    def worker(self, **env):
        proc = subprocess.Popen([str(BUILD / "barker"), "worker"],
                                env={**self.env, **{k: str(v) for k, v in env.items()}},
                                stderr=open(self.folder / "workers.log", "a"))
        self.procs.append(proc)
        return proc

    def cli(self, *args, code=0, stdin=None, timeout_s=30):
        done = subprocess.run([str(BUILD / "barker"), *args], env=self.env, input=stdin,
                              capture_output=True, text=True, timeout=timeout_s)
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done.stdout

    # --- reading -------------------------------------------------------------------
    def key(self, *parts):
        return ":".join(("bk:{0}",) + parts)

    def campaign(self, cid):
        return self.redis.hgetall(self.key("c", cid))

    def state(self, cid):
        return self.redis.hget(self.key("c", cid), "state")

    def wait_state(self, cid, *states, timeout_s=WAIT_S):
        def reached():
            state = self.state(cid)
            return state if state in states else None
        return wait_for(f"{cid} to be {states} (is {self.state(cid)})", reached, timeout_s)

    def variants(self, cid):
        vids = self.redis.lrange(self.key("c", cid, "vids"), 0, -1)
        return {v: self.redis.hgetall(self.key("c", cid, "v", v)) for v in vids}

    def journal(self, cid):
        """{(stage, iteration, index, attempt): record}"""
        out = {}
        prefix = self.key("c", cid, "jr", "")
        for name in self.redis.lrange(self.key("c", cid, "jrs"), 0, -1):
            stage, iteration = name[len(prefix):].rsplit(":", 1)
            for field, text in self.redis.hgetall(name).items():
                index, attempt = field.split("/")
                out[stage, int(iteration), int(index), int(attempt)] = json.loads(text)
        return out

    def ledger(self):
        """Calls as the LLM server saw them: (arrivals, ends), lists of dicts."""
        starts, ends = [], []
        if self.ledger_file.exists():
            for line in self.ledger_file.read_text().splitlines():
                row = json.loads(line)
                (ends if row.get("done") else starts).append(row)
        return starts, ends

    def enqueue(self, spec, raw=None):
        entry = self.redis.xadd(self.key("inbox"),
                                {"spec": raw if raw is not None else json.dumps(spec)})
        return spec.get("id") or "c-" + entry if spec else entry

    def close(self):
        for proc in reversed(self.procs):
            if proc.poll() is None:
                proc.terminate()
        stuck = []
        for proc in reversed(self.procs):
            try:
                proc.wait(20)
            except subprocess.TimeoutExpired:
                stuck.append(proc.args)
                proc.kill()
                proc.wait()
        if self.server.poll() is None:
            self.stop_redis(signal.SIGTERM)
        assert not stuck, f"did not end within 20 s of SIGTERM: {stuck}"
        ended = {p.args[1]: p.returncode for p in self.procs if p.args[1:2] == ["worker"]
                 and p.returncode not in (0, -signal.SIGKILL)}
        log = self.folder / "workers.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        found = re.findall(r".*(?:Sanitizer|runtime error).*", text)
        assert not ended and not found, (ended, found[:5], text[-2000:])
