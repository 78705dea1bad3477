"""The server that tests use, as `barker up` chooses it (tests/fakes/redis_exec.h too)."""
import os
import shutil


def redis_program():
    return (os.environ.get("BARKER_REDIS_SERVER") or shutil.which("redis-server")
            or "valkey-server")
