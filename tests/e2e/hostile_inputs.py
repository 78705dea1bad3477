"""What hostile or careless producers write, each with the code and pointer of its refusal.
Rows of the inbox: name, bytes of the spec (or the words of the whole entry), code, pointer."""
import json

GOOD = {"kind": "content", "input": {"prompt": "A line for socks."}}
MIB = 1 << 20
DEEP = 100_000


def spec(**changes):
    """The good spec, changed; None takes a field out."""
    made = {**GOOD, **changes}
    return json.dumps({k: v for k, v in made.items() if v is not None}).encode()


def content(**fields):
    return spec(input={"prompt": "x", **fields})


def raw(member):
    """The good spec with one more member, byte for byte."""
    return spec()[:-1] + b", " + member + b"}"


def many_keys(n):
    return raw(b",".join(b'"k%d":%d' % (i, i) for i in range(n)))


def nested(depth):
    return raw(b'"facts":' + b'{"a":' * depth + b"1" + b"}" * depth)


NOT_JSON = [
    ("nothing", b"", "bad_json", ""),
    ("white space", b" \n\t", "bad_json", ""),
    ("a word", b"hello", "bad_json", ""),
    ("cut", spec()[:-1], "bad_json", ""),
    ("two values", spec() + spec(), "bad_json", ""),
    ("a comma too many", spec()[:-1] + b",}", "bad_json", ""),
    ("single quotes", b"{'kind':'content'}", "bad_json", ""),
    ("a comment", b"/* */" + spec(), "bad_json", ""),
    ("NaN", raw(b'"seed":NaN'), "bad_json", ""),
    ("leading zero", raw(b'"seed":007'), "bad_json", ""),
    ("byte order mark", b"\xef\xbb\xbf" + spec(), "bad_json", ""),
    ("control character", raw(b'"facts":{"a":"\x01"}'), "bad_json", ""),
    ("line of RESP", b"*3\r\n$3\r\nDEL\r\n$1\r\na\r\n", "bad_json", ""),
    ("binary", bytes(range(256)), "bad_encoding", ""),
    ("NUL", spec() + b"\0", "bad_encoding", ""),
    ("NUL in a text", raw(b'"facts":{"a":"b\0c"}'), "bad_encoding", ""),
    ("escaped NUL", raw(b'"facts":{"a":"\\u0000"}'), "bad_encoding", ""),
    ("escaped NUL in an id", raw(b'"id":"ok\\u0000/../x"'), "bad_encoding", ""),
    ("Latin-1", raw(b'"facts":{"a":"caf\xe9"}'), "bad_encoding", ""),
    ("overlong slash", raw(b'"id":"..\xc0\xafx"'), "bad_encoding", ""),
    ("surrogate as bytes", raw(b'"facts":{"a":"\xed\xa0\x80"}'), "bad_encoding", ""),
    ("lone surrogate", raw(b'"facts":{"a":"\\ud800"}'), "bad_encoding", ""),
    ("surrogates swapped", raw(b'"facts":{"a":"\\udc00\\ud800"}'), "bad_encoding", ""),
    ("UTF-16", spec().decode().encode("utf-16"), "bad_encoding", ""),
    ("key twice", raw(b'"seed":1,"seed":2'), "duplicate_key", ""),
    ("key twice, escaped", raw(b'"seed":1,"s\\u0065ed":2'), "duplicate_key", ""),
    ("key twice, inside", raw(b'"facts":{"a":1,"a":1}'), "duplicate_key", ""),
    ("1e999", raw(b'"seed":1e999'), "out_of_range", ""),
    ("-1e999", raw(b'"budget":{"usd":-1e999}'), "out_of_range", ""),
    ("5,000 digits", raw(b'"seed":' + b"9" * 5000), "out_of_range", ""),
]
HUGE = [
    ("12 MB", spec(facts={"a": "x" * 12_000_000}), "too_large", ""),
    ("12 MB of brackets", b"[" * 12_000_000, "too_large", ""),
    ("a byte over", spec()[:-1] + b" " * (MIB + 1 - len(spec())) + b"}", "too_large", ""),
    ("100,000 brackets", b"[" * DEEP, "too_large", ""),
    ("100,000 brackets, closed", b"[" * DEEP + b"]" * DEEP, "too_large", ""),
    ("100,000 objects", b'{"a":' * DEEP, "too_large", ""),
    ("33 deep", nested(32), "too_large", ""),
    ("60,000 keys", many_keys(60_000), "unknown_field", "/k0"),
    ("100,000 keys", many_keys(100_000), "too_large", ""),
    ("100,000 facts", spec(facts={f"{i:x}": 1 for i in range(100_000)}), "too_large", ""),
    ("80,000 facts", spec(facts={f"{i:x}": 1 for i in range(80_000)}), "too_large",
     "/facts"),
    ("500,000 values", spec(channel=[0] * 300_000), "out_of_range", "/channel"),
    ("a MiB of prompt", content(prompt="x" * (MIB - 100)), "out_of_range", "/input/prompt"),
    ("a MiB of id", spec(id="x" * (MIB - 100)), "bad_id", "/id"),
    ("a MiB of key", spec(**{"k" * (MIB - 100): 1}), "unknown_field", "/" + "k" * 156),
    ("a MiB of kind", spec(kind="x" * (MIB - 100)), "out_of_range", "/kind"),
    ("a long example", content(examples=["x" * 900_000]), "out_of_range",
     "/input/examples/0"),
    ("a long angle", content(angles=["a", "x" * 900_000]), "out_of_range",
     "/input/angles/1"),
]
IDS = [(f"id {text[:12]!r}", spec(id=text), "bad_id", "/id") for text in (
    "", "../x", "a:b", "{1}", "x" * 65, "schön", "活动", "a b", "a\n", "a*", "a\\b", "%s%n",
    "bk:{0}:c:x", "owned~1", "owned:v:1")]
WRONG = [
    ("an array", b"[]", "bad_type", ""),
    ("null", b"null", "bad_type", ""),
    ("a number", b"7", "bad_type", ""),
    ("empty", b"{}", "missing", "/kind"),
    ("no input", spec(input=None), "missing", "/input"),
    ("no kind", spec(kind=None), "missing", "/kind"),
    ("unknown kind", spec(kind="nope"), "unknown_kind", "/kind"),
    ("kind of a number", spec(kind=1), "bad_type", "/kind"),
    ("v 2", spec(v=2), "unknown_version", "/v"),
    ("v text", spec(v="1"), "bad_type", "/v"),
    ("v 1e300", raw(b'"v":1e300'), "unknown_version", "/v"),
    ("id a number", spec(id=7), "bad_type", "/id"),
    ("tenant hostile", spec(tenant="a:b"), "bad_id", "/tenant"),
    ("unknown field", spec(surprise=1), "unknown_field", "/surprise"),
    ("field with a slash", spec(**{"a/b~c": 1}), "unknown_field", "/a~1b~0c"),
    ("wrong case", spec(Budget={}), "unknown_field", "/Budget"),
    ("prototype", spec(__proto__={}), "unknown_field", "/__proto__"),
    ("unknown in budget", spec(budget={"eur": 1}), "unknown_field", "/budget/eur"),
    ("unknown in input", content(**{"a/b": 1}), "unknown_field", "/input/a~1b"),
    ("a long key in input", content(**{"a" + "é" * 99: 1}), "unknown_field",
     "/input/a" + "é" * 91),
    ("unknown channel", spec(channel=["telex"]), "bad_value", "/channel/0"),
    ("channel twice", spec(channel=["sms", "sms"]), "bad_value", "/channel/1"),
    ("no channel", spec(channel=[]), "out_of_range", "/channel"),
    ("17 channels", spec(channel=["sms"] * 17), "out_of_range", "/channel"),
    ("channel a text", spec(channel="sms"), "bad_type", "/channel"),
    ("no locale", spec(locale=[]), "out_of_range", "/locale"),
    ("unknown locale", spec(locale="en_US"), "bad_value", "/locale"),
    ("locale hostile", spec(locale=["en-US", "a/b"]), "bad_value", "/locale/1"),
    ("17 segments", spec(segments=[{"id": f"s{i}"} for i in range(17)]), "out_of_range",
     "/segments"),
    ("segment without id", spec(segments=[{"size": 1}]), "missing", "/segments/0"),
    ("segment twice", spec(segments=[{"id": "a"}, {"id": "a"}]), "bad_value",
     "/segments/1"),
    ("nobody anywhere", spec(segments=[{"id": "a", "size": 0}]), "out_of_range",
     "/segments"),
    ("300 placements", spec(channel=["sms", "plain"], locale=["en", "fr", "de"],
                            segments=[{"id": f"s{i}"} for i in range(16)]),
     "out_of_range", "/channel"),
    ("policy unknown", spec(ranking={"policy": "luck"}), "bad_value", "/ranking/policy"),
    ("metric unknown", spec(metric="likes"), "bad_value", "/metric"),
    ("horizon 0", spec(ranking={"horizon": 0}), "out_of_range", "/ranking/horizon"),
    ("horizon 1e300", raw(b'"ranking":{"horizon":1e300}'), "bad_type", "/ranking/horizon"),
    ("holdout of all", spec(holdout=1), "out_of_range", "/holdout"),
    ("approval maybe", spec(approval="maybe"), "bad_value", "/approval"),
    ("calls -1", spec(budget={"calls": -1}), "out_of_range", "/budget/calls"),
    ("tokens -1", spec(budget={"tokens": -1}), "out_of_range", "/budget/tokens"),
    ("usd -0.01", spec(budget={"usd": -0.01}), "out_of_range", "/budget/usd"),
    ("usd 1e300", raw(b'"budget":{"usd":1e300}'), "out_of_range", "/budget/usd"),
    ("half a call", spec(budget={"calls": 0.5}), "bad_type", "/budget/calls"),
    ("calls 10^15", spec(budget={"calls": 10 ** 15}), "out_of_range", "/budget/calls"),
    ("budget a number", spec(budget=5), "bad_type", "/budget"),
    ("seed 2^64", raw(b'"seed":18446744073709551616'), "bad_type", "/seed"),
    ("a deadline of no time", spec(deadline_ms=0), "out_of_range", "/deadline_ms"),
    ("a deadline in years", spec(deadline_ms=31622400001), "out_of_range", "/deadline_ms"),
    ("no time to begin", spec(start_within_ms=-1), "out_of_range", "/start_within_ms"),
    ("the year 3000", spec(not_before_ms=32503680000000), "out_of_range",
     "/not_before_ms"),
    ("prompt blank", spec(input={"prompt": " \n"}), "out_of_range", "/input/prompt"),
    ("brief and prompt", content(brief="x"), "bad_value", "/input/prompt"),
    ("n 0", content(n=0), "out_of_range", "/input/n"),
    ("n 1e9", content(n=10 ** 9), "out_of_range", "/input/n"),
    ("n 2.5", content(n=2.5), "bad_type", "/input/n"),
    ("33 angles", content(angles=["a"] * 33), "out_of_range", "/input/angles"),
    ("an angle of null", content(angles=["a", None]), "bad_type", "/input/angles/1"),
    ("control too long", spec(channel=["sms"], control="x" * 161), "out_of_range",
     "/control"),
    ("control nowhere", spec(control={"fax": "x"}), "bad_value", "/control/fax"),
    ("endpoint unknown", spec(llm={"endpoint": "mars"}), "bad_value", "/llm/endpoint"),
]
# words of a whole stream entry
ENTRIES = [
    ("another field", [b"sepc", spec()], "unknown_field", "/sepc"),
    ("one field more", [b"spec", spec(), b"x", b"1"], "unknown_field", "/x"),
    ("one field before", [b"x/y", b"1", b"spec", spec()], "unknown_field", "/x~1y"),
    ("spec twice", [b"spec", spec(), b"spec", spec()], "duplicate_key", "/spec"),
    ("field without name", [b"", spec()], "unknown_field", "/"),
    ("field of Latin-1", [b"caf\xe9", spec()], "bad_encoding", ""),
    ("field with a NUL", [b"a\0b", spec()], "bad_encoding", ""),
    ("2,000 fields", [w for i in range(2000) for w in (b"f%d" % i, b"1")],
     "unknown_field", "/f0"),
]
INBOX = ([(name, [b"spec", text], code, at)
          for name, text, code, at in NOT_JSON + HUGE + IDS + WRONG] + ENTRIES)
ZERO_BUDGETS = [{"calls": 0}, {"tokens": 0}, {"usd": 0}, {"usd": 0, "calls": 5},
                {"usd": 1e-12}, {"calls": 0, "tokens": 0, "usd": 0}]
EVENTS = [
    ([b"x", b"1"], "unknown_field", "/x"),
    ([b"v", b"1", b"t", b"click"], "missing", "/campaign"),
    ([b"c", b"owned", b"t", b"click"], "missing", "/variant"),
    ([b"c", b"owned", b"v", b"1"], "missing", "/type"),
    ([b"c", b"../x", b"v", b"1", b"t", b"click"], "bad_id", "/c"),
    ([b"c", b"{1}", b"v", b"1", b"t", b"click"], "bad_id", "/c"),
    ([b"c", b"owned", b"v", b"a:b", b"t", b"click"], "bad_id", "/v"),
    ([b"c", b"owned", b"v", b"1", b"t", b"CLICK"], "bad_value", "/t"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"n", b"0"], "out_of_range", "/n"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"n", b"-5"], "out_of_range", "/n"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"n", b"1e3"], "bad_value", "/n"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"n", b"9" * 99], "out_of_range", "/n"),
    ([b"c", b"owned", b"v", b"1", b"t", b"conversion", b"val", b"-1"], "out_of_range",
     "/val"),
    ([b"c", b"owned", b"v", b"1", b"t", b"csat", b"val", b"9"], "out_of_range", "/val"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"cur", b"eur"], "bad_value", "/cur"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"t", b"click"], "duplicate_key", "/t"),
    ([b"c", b"owned", b"v", b"1", b"t", b"cli\0ck"], "bad_encoding", "/t"),
    ([b"c", b"owned", b"v", b"1", b"t", b"click", b"u", b"\xff"], "bad_encoding", "/u"),
    ([b"c\xff", b"owned"], "bad_encoding", ""),
    ([b"e", b"{"], "bad_json", ""),
    ([b"e", b"[]"], "missing", ""),
    ([b"e", b"7"], "bad_type", ""),
    ([b"e", b"[" * 30_000], "too_large", ""),
    ([b"e", b'{"c":"owned","c":"x"}'], "duplicate_key", ""),
    ([b"e", b'{"c":"owned","v":"1","t":"click","n":1e999}'], "out_of_range", ""),
    ([b"e", b'{"c":"owned","v":"1","t":["click"]}'], "bad_type", "/t"),
    ([b"e", b'[{"c":"a:b","v":"1","t":"click"}]'], "bad_id", "/0/c"),
    ([b"e", b"x" * 12_000_000], "too_large", ""),
]
ORDERS = [
    ([b"do", b"pause"], "missing", "/c"),
    ([b"c", b"owned"], "missing", "/do"),
    ([b"c", b"owned", b"do", b"explode"], "bad_value", "/do"),
    ([b"c", b"owned", b"do", b"PAUSE"], "bad_value", "/do"),
    ([b"c", b"../x", b"do", b"cancel"], "not_found", "/c"),
    ([b"c", b"owned:v:1", b"do", b"cancel"], "not_found", "/c"),
    ([b"c", b"owned\0", b"do", b"cancel"], "bad_encoding", "/c"),
    ([b"c", b"owned", b"do", b"cancel", b"x", b"1"], "unknown_field", "/x"),
    ([b"c", b"owned", b"c", b"owned", b"do", b"cancel"], "duplicate_key", "/c"),
    ([b"c", b"owned", b"do", b"approve"], "missing", "/v"),
    ([b"c", b"owned", b"do", b"reject", b"v", b"../1"], "not_found", "/v"),
    ([b"c", b"owned", b"do", b"pause", b"by", b"\xed\xa0\x80"], "bad_encoding", "/by"),
    ([b"c", b"owned", b"do", b"pause", b"by", b"x" * 70_000], "too_large", ""),
    ([b"c\xff", b"owned"], "bad_encoding", ""),
    ([b"a/~\n" + b"x" * 56 + "éé".encode() * 9, b"1"], "unknown_field",
     "/a~1~0?" + "x" * 56 + "é"),
]
