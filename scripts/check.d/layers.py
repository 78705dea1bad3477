"""Who may know what: include walls, purity of campaigns, key names, Lua, .def rows."""
import os
import re

from source import LUA_TOKEN, PRODUCT, bare, lua_code, match_lines, strings

# Folders that a layer may include (DESIGN §3). Tests may include anything.
MAY_INCLUDE = {
    "core/base/": ("core/base/",),
    "core/io/": ("core/",),
    "queues/": ("core/", "queues/"),
    "campaigns/": ("core/base/", "campaigns/"),
    "workers/": PRODUCT,
}
# System headers that only some files may include.
GUARDED = [
    (r"uv\.h$|uv/|curl/|hiredis/|microhttpd\.h$", r"core/io/"),
    (r"openssl/evp\.h$", r"core/io/|core/base/hash"),
    (r"openssl/", r"core/io/"),
    (r"cjson/|cJSON\.h$", r"core/base/json\w*\.c$"),
    (r"ini\.h$", r"core/base/config\w*\.c$"),
    (r"utf8proc\.h$", r"core/base/|campaigns/"),
]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)
IMPURE = (r"\b(uv_\w+|redis_\w+|http_\w+|clock_\w+|rng_entropy|getenv|fopen|\w+_fn\b"
          r"|(?:time|f?printf|puts|s?rand|random|gettimeofday|sleep)(?=\s*\())")
KEY_SHAPE = re.compile(r"(?:^|\}|%s|%d):(?:inbox|events|control|rejected|changes|campaigns"
                       r"|dead|jobs|due|ready|hb|audit|series|doc|rank|meta|c|v|p)(?::|$)"
                       r"|\bbk:")
KEY_FREE = ("queues/keys.c", "queues/lua/keys.lua", "core/base/settings.def")
# Commands whose first argument is a word of the command, not a key.
WORDY = {"XGROUP", "XINFO", "OBJECT", "MEMORY", "XREADGROUP", "XREAD", "TIME",
         "INFO", "PUBSUB"}
CALL = r"redis\.p?call\(\s*(['\"])(\w+)\1\s*,\s*(['\"])([^'\"]*)\3"
DEFS = [
    ("campaigns/kinds.def", "KIND", "campaigns/kinds/", ".c"),
    ("campaigns/formats.def", "FORMAT", "campaigns/formats/", ".c"),
    ("campaigns/policies.def", "POLICY", "campaigns/ranking/policies/", ".c"),
    ("workers/providers.def", "PROVIDER", "workers/llm/providers/", ".c"),
    ("queues/scripts.def", "SCRIPT", "queues/lua/", ".lua"),
]


def _wall(path, quote, name):
    """What is wrong with one include, or None."""
    if quote == "<":
        for header, files in GUARDED:
            if re.match(header, name):
                return None if re.match(files, path) else f"<{name}> does not belong here"
        return None
    if "/" not in name or name.startswith("."):
        return f'"{name}" is not written from the root'
    layer = next((p for p in MAY_INCLUDE if path.startswith(p)), None)
    if layer and not name.startswith(MAY_INCLUDE[layer]):
        return f'{layer} must not include "{name}"'
    return None


def check_walls(tree):
    """includes stay inside DESIGN §3"""
    for path in tree.select(".c", ".h", ".def", under=PRODUCT + ("tests/",)):
        text = tree.text(path)
        for m in INCLUDE.finditer(text):
            if path.startswith("tests/") and m.group(1) == "<":
                continue
            wrong = _wall(path, m.group(1), m.group(2))
            if wrong:
                yield path, text.count("\n", 0, m.start(1)) + 1, wrong


def check_purity(tree):
    """no I/O, clock, randomness or callback in campaigns/"""
    for path in tree.select(".c", ".h", under="campaigns/"):
        for line, m in match_lines(IMPURE, bare(tree.text(path))):
            yield path, line, f"{m.group(1).strip()} in pure code"


def check_keys(tree):
    """key names only in queues/keys.c and queues/lua/keys.lua"""
    for path in tree.select(".c", ".h", ".lua", under=PRODUCT):
        if path in KEY_FREE:
            continue
        token = LUA_TOKEN if path.endswith(".lua") else None
        found = strings(tree.text(path), token) if token else strings(tree.text(path))
        for line, content in found:
            if KEY_SHAPE.search(content):
                yield path, line, f'"{content[:40]}" looks like a key'


def check_lua(tree):
    """scripts derive keys from KEYS[1] through keys.lua"""
    for path in tree.select(".lua", under="queues/lua/"):
        code = lua_code(tree.text(path))
        for line, m in match_lines(CALL, code):
            word = m.group(2).upper() in WORDY and re.fullmatch(r"[A-Z]*", m.group(4))
            if not word:
                yield path, line, f"{m.group(2)} with the literal key '{m.group(4)}'"
        if not path.endswith("/keys.lua"):
            for line, _ in match_lines(r"\bKEYS\b", code):
                yield path, line, "KEYS belongs to keys.lua"


def check_defs(tree):
    """every plugin file has its .def row, and the other way round"""
    for table, macro, folder, suffix in DEFS:
        if table not in tree.files:
            continue
        rows = {m.group(1): line for line, m in match_lines(
            rf"(?m)^{macro}\((\w+)", tree.text(table))}
        files = {os.path.basename(f)[:-len(suffix)]: f
                 for f in tree.select(suffix, under=folder)
                 if os.path.dirname(f) + "/" == folder}
        for name in sorted(rows.keys() - files.keys()):
            yield table, rows[name], f"no {folder}{name}{suffix}"
        for name in sorted(files.keys() - rows.keys()):
            if _is_plugin(tree, files[name], macro.lower(), name):
                yield files[name], 1, f"no {macro}({name}) in {table}"


def _is_plugin(tree, path, word, name):
    """Helpers of several plugins may lie beside them."""
    if path.endswith(".lua"):
        return name != "keys" and not name.startswith("lib_")
    return re.search(rf"\bconst struct {word} {word}_{name}\b", tree.text(path))


CHECKS = [check_walls, check_purity, check_keys, check_lua, check_defs]
