"""Each house check must see the fault it is for, and let the lawful twin pass."""
import json
import os
import pathlib
import stat
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).parents[2] / "scripts" / "check"
LONG = "x" * 89

# check, path, text, how many findings
CASES = [
    ("walls", "core/base/a.c", '#include "core/io/loop.h"\n', 1),
    ("walls", "core/base/a.c", '#include "core/base/buf.h"\n', 0),
    ("walls", "core/io/a.c", '#include "core/base/buf.h"\n#include <uv.h>\n', 0),
    ("walls", "core/io/a.c", '#include "queues/keys.h"\n', 1),
    ("walls", "queues/a.c", '#include "campaigns/spec.h"\n', 1),
    ("walls", "queues/a.c", '#include "core/io/redis.h"\n', 0),
    ("walls", "campaigns/a.h", '#include "queues/keys.h"\n', 1),
    ("walls", "campaigns/a.h", '#include "core/io/loop.h"\n', 1),
    ("walls", "workers/a.c", '#include "queues/keys.h"\n#include "campaigns/x.h"\n', 0),
    ("walls", "workers/a.c", '#include "tests/fakes/x.h"\n', 1),
    ("walls", "workers/a.c", "#include <uv.h>\n", 1),
    ("walls", "workers/a.c", "#  include <curl/curl.h>\n", 1),
    ("walls", "queues/a.c", "#include <hiredis/hiredis.h>\n", 1),
    ("walls", "workers/a.c", "#include <microhttpd.h>\n", 1),
    ("walls", "core/base/hash.c", "#include <openssl/evp.h>\n", 0),
    ("walls", "core/base/hash.c", "#include <openssl/ssl.h>\n", 1),
    ("walls", "core/base/json_check.c", "#include <cjson/cJSON.h>\n", 0),
    ("walls", "core/base/log.c", "#include <cjson/cJSON.h>\n", 1),
    ("walls", "core/base/a.c", '#include "buf.h"\n', 1),
    ("walls", "tests/unit/a.c", '#include <uv.h>\n#include "queues/keys.h"\n', 0),
    ("purity", "campaigns/a.c", "int f(void) { return (int)time(NULL); }\n", 1),
    ("purity", "campaigns/a.c", "/* time(NULL) */ char *s = \"getenv\"; // fopen\n", 0),
    ("purity", "campaigns/a.c", "int runtime(int x); int g = runtime(1);\n", 0),
    ("purity", "campaigns/a.c", 'int f(char *p) { return snprintf(p, 1, "x"); }\n', 0),
    ("purity", "campaigns/a.c", 'void f(void) { printf("x"); }\n', 1),
    ("purity", "campaigns/a.c", "void f(void) { redis_send(); clock_now_ms(); }\n", 2),
    ("purity", "campaigns/a.h", "typedef void (*done_fn)(void *);\n", 1),
    ("purity", "workers/a.c", "typedef void (*done_fn)(void *);\n", 0),
    ("keys", "workers/a.c", 'char *k = "bk:{0}:x";\n', 1),
    ("keys", "workers/a.c", 'char *k = "%s:inbox";\n', 1),
    ("keys", "workers/a.c", 'char *k = "%s:c:%s";\n', 1),
    ("keys", "workers/a.c", "/* bk:{p}:inbox */\n", 0),
    ("keys", "workers/a.c", 'char *k = "no such event: click";\n', 0),
    ("keys", "queues/a.c", 'char *field = "revenue:c:EUR";\n', 0),
    ("keys", "queues/keys.c", 'char *k = "%s:c:%s";\n', 0),
    ("keys", "queues/lua/a.lua", 'local k = ROOT .. ":events"\n', 1),
    ("keys", "queues/lua/a.lua", '-- local k = ROOT .. ":events"\n', 0),
    ("lua", "queues/lua/a.lua", "redis.call('GET', 'x')\n", 1),
    ("lua", "queues/lua/a.lua", 'redis.pcall("HSET", "x", 1)\n', 1),
    ("lua", "queues/lua/a.lua", "redis.call('XGROUP', 'CREATE', ready_key())\n", 0),
    ("lua", "queues/lua/a.lua", "redis.call('GET', meta_key())\n", 0),
    ("lua", "queues/lua/a.lua", "redis.call('GET', KEYS[1])\n", 1),
    ("lua", "queues/lua/keys.lua", "local ROOT = KEYS[1]\n", 0),
    ("defs", "campaigns/kinds.def", "KIND(nosuch)\n", 1),
    ("defs", "queues/scripts.def", "/* SCRIPT(name): a comment */\n", 0),
    ("sizes", "core/base/a.c", "int a;\n" * 401, 1),
    ("sizes", "core/base/a.c", "int a;\n" * 400, 0),
    ("sizes", "scripts/new", "#!/bin/sh\n" + "true\n" * 400, 1),
    ("sizes", "core/base/a.c", "int f(int a)\n{\n" + "    a++;\n" * 57 + "    return a;\n}\n", 1),
    ("sizes", "core/base/a.c", "int f(int a)\n{\n" + "    a++;\n" * 56 + "    return a;\n}\n", 0),
    ("sizes", "tests/e2e/a.py", "def f():\n" + "    pass\n" * 60, 1),
    ("columns", "core/base/a.c", f"/* {LONG} */\n", 1),
    ("columns", "core/base/a.def", f"/* {LONG} */\n", 0),
    ("columns", "core/base/a.c", '/* ' + "字" * 80 + ' */\n', 0),
    ("words", "docs/a.md", "TO" "DO: more\n", 1),
    ("words", "scripts/new", "#!/bin/sh\nmktemp x.XX" "XXXX\n", 0),
    ("docs", "docs/a.md", "see `core/base/gone.h`\n", 1),
    ("docs", "docs/a.md", "see `docs/a.md` in `docs/`, or `application/json`\n", 0),
    ("format", "core/base/a.c", "int  a ;\n", 1),
    ("format", "core/base/a.c", "int a;\n", 0),
]


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def run(root, name):
    env = dict(os.environ, BARKER_CHECK_ROOT=str(root), LC_ALL="C.UTF-8")
    got = subprocess.run([sys.executable, CHECK, name], env=env, text=True,
                         capture_output=True, check=False)
    assert got.stderr == ""
    if "advice" in got.stdout:  # another clang than the one that counts
        assert got.returncode == 0
        got.returncode = 1
    return got.returncode, [s for s in got.stdout.splitlines() if s.startswith("   ")]


@pytest.mark.parametrize("name, path, text, count", CASES)
def test_finding(tmp_path, name, path, text, count):
    write(tmp_path, ".clang-format", "BasedOnStyle: LLVM\nColumnLimit: 88\n")
    write(tmp_path, path, text)
    code, found = run(tmp_path, name)
    assert len(found) == count, found
    assert code == (1 if count else 0)
    assert all(line.strip().startswith(f"{path}:") for line in found)


def test_same_basename(tmp_path):
    write(tmp_path, "core/base/same.c", "int a;\n")
    write(tmp_path, "workers/same.c", "int b;\n")
    assert run(tmp_path, "basenames")[0] == 1


def test_plugin_without_row(tmp_path):
    write(tmp_path, "campaigns/kinds.def", "KIND(a)\n")
    for name in "ab":
        write(tmp_path, f"campaigns/kinds/{name}.c",
              f'const struct kind kind_{name} = {{0}};\n')
    code, found = run(tmp_path, "defs")
    assert code == 1 and found == ["      campaigns/kinds/b.c:1: no KIND(b) in "
                                   "campaigns/kinds.def"]


def test_modes(tmp_path):
    write(tmp_path, "scripts/new", "#!/bin/sh\n")
    assert run(tmp_path, "modes")[0] == 1
    (tmp_path / "scripts/new").chmod(stat.S_IRWXU)
    assert run(tmp_path, "modes")[0] == 0
    write(tmp_path, "docs/a.md", "text\n")
    (tmp_path / "docs/a.md").chmod(stat.S_IRWXU)
    assert run(tmp_path, "modes")[0] == 1


def test_tidy(tmp_path):
    assert run(tmp_path, "tidy")[0] == 1  # nothing is built
    write(tmp_path, ".clang-tidy", "Checks: '-*,bugprone-*'\nHeaderFilterRegex: '.*'\n")
    write(tmp_path, "build/dev/compile_commands.json", json.dumps(
        [{"directory": str(tmp_path), "file": str(tmp_path / "core/base/a.c"),
          "command": "cc -I. -c core/base/a.c"}]))
    header = "static inline int f(const char *s) { return s == 0; }\n"
    write(tmp_path, "core/base/a.h", header)
    write(tmp_path, "core/base/a.c", '#include "core/base/a.h"\n')
    assert run(tmp_path, "tidy") == (0, [])
    # A header that changes takes the earlier verdict with it.
    write(tmp_path, "core/base/a.h", header + "#define TWICE(x) x * 2\n")
    code, found = run(tmp_path, "tidy")
    assert len(found) == 1 and "core/base/a.h:2" in found[0]
    assert code == 1
