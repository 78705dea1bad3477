"""Fixtures: a stack per test, on the simulator and on the independent mock."""
import pytest

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
