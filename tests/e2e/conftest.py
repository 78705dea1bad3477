"""Fixtures: a stack per test, on the simulator and on the independent mock; the scripts
on a Redis of their own, emptied for each test."""
import pytest

from barker_scripts import Scripts, Server
from stack import Stack


@pytest.fixture
def make_stack(tmp_path_factory):
    stacks = []

    def make(llm="sim", llm_args=()):
        # a short path: a unix socket name holds about 100 bytes
        folder = tmp_path_factory.mktemp("s")
        stacks.append(Stack(folder, llm, llm_args))
        return stacks[-1]
    yield make
    for stack in stacks:
        stack.close()


@pytest.fixture(params=["sim", "mock"])
def stack(request, make_stack):
    return make_stack(request.param)


@pytest.fixture(scope="module")
def server():
    one = Server()
    yield one
    one.stop()


@pytest.fixture
def s(server):
    server.client.flushall()
    server.client.config_set("maxmemory", 0)
    return Scripts(server.client)
