"""docs/PROTOCOL.md says what the code does: what is missing from it fails here."""
import json
import os
import re
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts", "demo.d"))
import assign  # noqa: E402


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


PAGE = read("docs/PROTOCOL.md")


def section(title):
    """Text from one heading to the next of the same level or above."""
    start = re.search(rf"^(#+) {re.escape(title)}$", PAGE, re.M)
    assert start, f"no heading {title}"
    level = len(start.group(1))
    end = re.search(rf"^#{{1,{level}}} ", PAGE[start.end():], re.M)
    return PAGE[start.end():start.end() + end.start()] if end else PAGE[start.end():]


def named(text):
    """What stands between backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def missing(names, text):
    assert names, "the pattern finds nothing in the code any more"
    return sorted(set(names) - named(text))


def rows(text):
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in text.splitlines() if line.startswith("|")]


def test_every_error_code_with_its_meaning():
    code = dict(re.findall(r'^ERR\(\w+, "(\w+)", "([^"]*)"\)', read("core/base/errors.def"),
                           re.M))
    page = {row[0].strip("`"): row[1] for row in rows(section("Error codes"))[2:]}
    assert code == page


def test_every_setting_with_default_and_environment():
    code = {}
    for area, key, _, default, env in re.findall(
            r'^SETTING\((\w+), (\w+), (\w+), "([^"]*)", "([^"]*)", ', read("core/base/settings.def"),
            re.M):
        code[f"{area}.{key}"] = (default or "empty", env)
    page = {row[0].strip("`"): (row[2].strip("`"), row[3].strip("`"))
            for row in rows(section("Configuration")) if "." in row[0] and row[0][0] == "`"}
    assert code == page


def test_every_key_of_an_endpoint():
    code = re.findall(r'^    FIELD\("(\w+)"', read("core/base/config_endpoint.c"), re.M)
    assert not missing(code, section("Configuration"))


@pytest.mark.parametrize("title, function", [("Variant", "ensure_variant"),
                                             ("Placement", "ensure_placement")])
def test_public_fields_of_variants_and_placements(title, function):
    text = read("queues/lua/lib_public.lua")
    body = text[text.index(f"function {function}"):]
    body = body[:body.index("\nend")]
    fields = re.findall(r'"([a-z_]+)", (?:0|""|"pending")', body)
    assert len(fields) >= 10 and not missing(fields, section(title))


def test_public_fields_of_a_campaign():
    text = read("queues/lua/admit.lua")
    body = re.search(r'"HSET", campaign_key\(id\)(.*?)\)\n', text, re.S).group(1)
    fields = re.findall(r'"([a-z_]+)", ', body)
    assert len(fields) > 20 and not missing(fields, section("Campaign"))


@pytest.mark.parametrize("title, function", [
    ("Campaign", "put_campaign"), ("Variant", "put_variant"),
    ("Placement", "put_placement"), ("Series", "put_series"), ("Audit", "put_alloc")])
def test_fields_that_a_commit_writes(title, function):
    text = read("workers/live/publish.c")
    body = re.search(rf"^static \w+(?: \w+)? {function}\(.*?^}}", text, re.M | re.S).group(0)
    fields = re.findall(r'results_field\w*\(w, "(\w+)"', body)
    assert not missing(fields, section(title))


def test_fields_of_the_document():
    code = re.findall(r'json_out_k\w+\(\w+, "(\w+)"', read("workers/live/document.c"))
    assert not missing(code, section("Document"))


def test_audit_lines():
    files = ["engine.c", "kinds/content/content_write.c", "kinds/content/content_review.c",
             "kinds/content/content_rank.c"]
    text = "".join(read("campaigns/" + name) for name in files)
    what = re.findall(r'campaign_audit_add\(c, "(\w+)"', text)
    what += re.findall(r'record\(c, m, v, "(\w+)"', text)
    what += re.findall(r'add_(?:audit|number)\(op, "(\w+)"', read("workers/live/ports_live.c"))
    for script in ("lib_lost", "settle"):
        what += re.findall(r'"what", "(\w+)"', read(f"queues/lua/{script}.lua"))
    assert {"call", "edit_refused", "possibly_billed", "retire"} <= set(what)
    assert not missing(what, section("Audit"))


def spec_fields():
    """Top-level fields, and those of objects through the function that reads them."""
    text = "".join(read(f"campaigns/{name}.c") for name in ("spec", "spec_places", "spec_brand",
                                                              "spec_ranking"))
    table = re.search(r"^static const struct spec_row rows\[\] = \{(.*?)^\};", text,
                      re.M | re.S).group(1)
    top = dict(re.findall(r'\{"(\w+)", (\w+)\}', table))
    by_reader = {reader: name for name, reader in top.items()}
    fields = set(top)
    for reader, body in re.findall(r"^(?:static )?enum err (\w+)\([^{;]*\)\n\{(.*?)^\}", text,
                                   re.M | re.S):
        for inner in re.findall(r'\{"(\w+)", \w+\}', body):
            name = by_reader[reader]
            fields.add(f"{name}[].{inner}" if name == "segments" else f"{name}.{inner}")
    return fields


def test_every_field_of_the_spec():
    fields = spec_fields()
    parents = {f.split(".")[0].replace("[]", "") for f in fields if "." in f} - {"segments"}
    page = section("The campaign spec")
    assert {"budget.usd", "segments[].id", "ranking.horizon", "facts"} <= fields
    assert not missing(fields - parents, page)
    refused = re.findall(r'\{"(\w+)", not_served\}', read("campaigns/spec.c"))
    for row in rows(page):
        if row[0].strip("`") in refused:
            assert "not_supported" in row[3], row


def test_every_field_of_content():
    text = read("campaigns/kinds/content/content_input.c")
    assert not missing(re.findall(r'strcmp\(key, "(\w+)"\)', text), section("Kind content"))
    stages = re.findall(r'^    \{"(\w+)", ', read("campaigns/kinds/content.c"), re.M)
    assert not missing(stages, section("Kind content"))


def test_event_fields_and_types():
    page = section("Events")
    fields = re.findall(r'^    \{"(\w+)", FORMAT_[A-Z]+\},', read("campaigns/formats/plain.c"),
                        re.M)
    assert not missing(fields, page)
    known = re.search(r"local KNOWN = \{(.*?)\}", read("queues/lua/events_fold.lua"),
                      re.S).group(1)
    assert not missing(re.findall(r"(\w+) = 1", known), page)


def test_event_formats():
    """Each is a column; what it reads stands in it, as do the names of events."""
    page = section("Formats")
    formats = re.findall(r"^FORMAT\((\w+)\)", read("campaigns/formats.def"), re.M)
    assert len(formats) > 6 and not missing(formats, page)
    words = set(re.findall(r"\w+", page))
    for name in formats + ["shopify"]:
        members = re.findall(r'json_get\([^;]*?"(\w+)"\)|reading_take_\w+\([^;]*?"(\w+)"\)',
                             read(f"campaigns/formats/{name}.c")) if name != "plain" else []
        unsaid = {a or b for a, b in members} - words
        assert not unsaid, f"{name}: {unsaid}"
    names = re.findall(r'^    \{"(\w+)", "\w+"\}', read("campaigns/formats/format_names.c"), re.M)
    spelled = re.sub(r"(?<=[a-z])\s(?=[A-Za-z])", "_", page).lower()
    assert len(names) > 15
    assert [n for n in names if n not in spelled and not n.startswith("dfemail")] == []


def test_orders():
    text = read("queues/lua/control.lua")
    fields = re.search(r"local FIELDS = \{(.*?)\}\n", text).group(1)
    fields = re.findall(r'(\w+)(?:"\])? = true', fields)
    actions = re.findall(r"(\w+) = true", re.search(r"local ACTIONS = \{(.*?)\}", text).group(1))
    assert len(fields) == 6 and not missing(fields + actions, section("Orders"))


def test_states():
    campaign = re.findall(r'\[CAMPAIGN_\w+\] = "(\w+)"', read("campaigns/campaign.c"))
    assert not missing(campaign, section("Campaign"))
    variant = re.findall(r'\[VARIANT_\w+\] = "(\w+)"', read("campaigns/variant.c"))
    assert not missing(variant, section("Variant"))


def test_every_key():
    """The shapes of names in keys.lua, and the names its comments list."""
    text = read("queues/lua/keys.lua")
    page = section("Redis keys")
    parts = re.search(r"Of the partition: (.*?)\.\nlocal", text, re.S).group(1)
    names = re.findall(r"[a-z_]+", re.sub(r"\(\w+\)|--", "", parts))
    assert len(names) > 14
    keys = named(page)
    assert not [n for n in names if "bk:{p}:" + n not in keys]
    of_campaign = re.search(r"Parts: (.*?)\.", text).group(1).split()
    for part in of_campaign:
        assert {f"bk:{{p}}:c:<id>:{part}", f"…:{part}"} & keys, part
    for shape in re.findall(r'ROOT \.\. "(:[a-z:]+)"', text):
        assert any(k.startswith(root + shape) for k in keys
                   for root in ("bk:{p}", "bk:{t:<tenant>}")), shape
    for shape in re.findall(r'id \.\. "(:[a-z]+:)"', text):
        assert any(k.startswith("bk:{p}:c:<id>" + shape) for k in keys), shape


def test_caps_of_lists_and_streams():
    page = section("Redis keys") + section("Limits")
    for path, name in [("lib_end", "CHANGES_MAX"), ("lib_end", "DONE_MAX"),
                       ("lib_end", "DEAD_MAX"), ("lib_reject", "REJECTED_MAX"),
                       ("commit", "STREAM_MAX"), ("commit", "EPOCHS_MAX"),
                       ("control", "MAIL_MAX"), ("control", "ORDERS_MAX"),
                       ("lib_mail", "POKES_MAX"),
                       ("settle", "AUDIT_MAX"), ("settle", "JOURNALS_MAX")]:
        names = re.search(rf"local (.*{name}.*?) = (.*)", read(f"queues/lua/{path}.lua"))
        numbers = names.group(2).split(" --")[0].split(", ")
        number = dict(zip(names.group(1).split(", "), numbers))[name].strip('"')
        assert f"{int(number):,}" in page, f"{name} = {number}"


def test_commands_and_options():
    page = section("Command line")
    text = read("workers/cli/commands.def")
    for name in re.findall(r"^COMMAND\((\w+),", text, re.M):
        assert re.search(rf"`barker {name}\b", page), name
    assert not missing(re.findall(r"^LATER\((\w+),", text, re.M), section("Not served yet"))
    for flag in re.findall(r'^OPTION\(\w+, "(\w+)"', read("workers/cli/options.def"), re.M):
        assert f"--{flag}" in page or flag == "listen", flag


def test_drift():
    code = {name: (meaning, "yes" if mended == "1" else "no") for name, meaning, mended in
            re.findall(r'^DRIFT\((\w+), "([^"]*)", (\d)\)', read("queues/drift.def"), re.M)}
    page = {row[0].strip("`"): (row[1], row[2]) for row in rows(section("Doctor"))[2:]}
    assert code == page
    found = set(re.findall(r'found\("(\w+)"', read("queues/lua/drift.lua")))
    assert found == set(code)


def test_channels():
    channels = json.loads(read("campaigns/data/channels.json"))["channels"]
    names = {c["name"] for c in channels} | {f["name"] for c in channels for f in c["fields"]}
    assert len(channels) > 20 and not missing(names, section("Channels"))
    numbers = {n for c in channels for f in c["fields"] if "off" not in c
               for n in (f.get("max"), f.get("soft_max"), c.get("octets_max")) if n}
    assert not [n for n in numbers if not re.search(rf"\b{n:,}\b", section("Channels"))]


def test_members_of_a_channel_table():
    text = read("campaigns/checks/channel_field.c") + read("campaigns/checks/channel.c")
    members = re.findall(r'strcmp\(key, "(\w+)"\)', text)
    members += re.findall(r'^    \{"(\w+)", offsetof', text, re.M)
    members += re.findall(r'^    \{"(\w+)", "[^"]+", count', read("campaigns/checks/counter.c"), re.M)
    assert len(members) > 25 and not missing(members, section("Channels"))


def test_the_example_of_assignment():
    text = section("Assignment")
    arms = [("v1", 0.5), ("v2", 0.3), ("v3", 0.2)]
    assert "v1 0.5, v2 0.3, v3 0.2" in text
    seed = assign.seed_of("c1", "sms")
    example = re.findall(r"(\w+) → (v\d)", text)
    assert len(example) == 3
    assert [(user, assign.pick(seed, user, arms)) for user, _ in example] == example
    assert hex(assign.hash_fast("a", 1)) in text


def test_contents_lead_somewhere():
    titles = {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-")
              for t in re.findall(r"^#+ (.*)$", PAGE, re.M)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= titles


def test_attributes_of_spans():
    code = re.findall(r'^#define SEMCONV_\w+ "([^"]+)"', read("workers/telemetry/semconv.h"), re.M)
    assert not missing(code, section("Spans"))
