"""Every channel, end to end: texts within limits by a counter of our own, slots filled
in, several fields, and the users' own channels."""
import json
import random
import subprocess

from counters import CHANNELS, COUNTERS, fits
from stack import BUILD, ROOT, wait_for

FACTS = {"product": "Alpine down jacket", "price": 129, "brand": "Alpine House",
         "sign": "超越户外", "postal_address": "1 Mill Road, Bend OR",
         "unsubscribe_url": "https://shop.example/u"}


def sample(name):
    return json.loads((ROOT / "tests/specs" / f"{name}.json").read_text())


def run_to_live(stack, spec, timeout_s=60):
    cid = stack.enqueue(spec)
    stack.wait_state(cid, "review", "live", timeout_s=timeout_s)
    if stack.state(cid) == "review":
        stack.cli("approve", cid, "all", "--by", "legal")
    stack.wait_state(cid, "live")
    variants = stack.variants(cid)
    for variant in variants.values():
        assert fits(variant["placement"], variant["text"]), variant
    return variants


def count_all(pairs):
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    done = subprocess.run([str(BUILD / "barker-counter")], input=lines, text=True,
                          capture_output=True, check=True, encoding="utf-8")
    return [int(line) for line in done.stdout.split()]


def test_sample_con_0001(stack):
    stack.worker()
    variants = run_to_live(stack, sample("con-0001"))
    places = [v["placement"] for v in variants.values()]
    assert {p: places.count(p) for p in places} == {
        "email.subject": 8, "sms": 8, "google.rsa": 8}
    text = " ".join(v["text"].lower() for v in variants.values())
    assert "cheap" not in text and "best ever" not in text
    assert int(stack.campaign("con-0001")["calls"]) <= 60
    doc = json.loads(stack.redis.get(stack.key("c", "con-0001", "doc")))
    assert doc["metric"] == "revenue"
    assert [w["pointer"] for w in doc["warnings"]] == ["/metric"]
    shown = wait_for("shares", lambda: json.loads(stack.cli(
        "decide", "con-0001", "--placement", "google.rsa", "--user", "u7"))["text"])
    assert fits("google.rsa", shown)


def test_sample_con_zh_0001(stack):
    stack.worker()
    variants = run_to_live(stack, sample("con-zh-0001"))
    assert len(variants) == 18
    for variant in variants.values():
        assert any("\u4e00" <= ch <= "\u9fff" for ch in variant["text"]), variant
    doc = json.loads(stack.redis.get(stack.key("c", "con-zh-0001", "doc")))
    needs = {p["placement"]: p["images_needed"] for p in doc["placements"]}
    assert needs == {"taobao.title": False, "sms.zh-CN": False, "xiaohongshu": True}
    assert [w["pointer"] for w in doc["warnings"]] == ["/rules/claims", "/rules/ai_label"]


def channels_of(locale):
    chinese = {"sms.zh-CN", "taobao.title", "xiaohongshu", "wechat_oa", "baidu",
               "push.xiaomi", "push.huawei", "push.oppo", "push.vivo"}
    return [c for c in CHANNELS if (c in chinese) == (locale == "zh-CN")]


def run_every_channel(stack, locale):
    stack.worker()
    variants = run_to_live(stack, {
        "id": "every", "kind": "content", "locale": locale, "channel": channels_of(locale),
        "facts": FACTS, "min_distance": 0.05, "input": {
            "brief": "Two-day sale on the Alpine down jacket", "n": 2, "angles": ["a", "b"]}})
    places = [v["placement"] for v in variants.values()]
    assert sorted(set(places)) == sorted(channels_of(locale))


def test_every_western_channel(make_stack):
    run_every_channel(make_stack(), "en-US")


def test_every_chinese_channel(make_stack):
    run_every_channel(make_stack(), "zh-CN")


def test_check_judges_channels_and_slots(stack, tmp_path):
    def refused(channel, facts):
        file = tmp_path / "spec.json"
        file.write_text(json.dumps({"kind": "content", "channel": [channel], "facts": facts,
                                    "input": {"brief": "b"}}))
        return stack.cli("check", str(file), code=2)
    assert refused("sms.zh-CN", {}).startswith("missing /facts/sign ")
    assert refused("email.en-US", {"postal_address": "x"}).startswith(
        "missing /facts/unsubscribe_url ")
    assert refused("sms.zh-CN", {"sign": 7}).startswith("bad_type /facts/sign ")
    assert refused("sms.en-US", {"brand": "B" * 140}).startswith("unsatisfiable /channel/0 ")
    assert refused("douyin.title", {}).startswith("not_supported /channel/0 ")
    unknown = refused("sms.us", {})
    assert unknown.startswith("bad_value /channel/0 ") and "sms.zh-CN" in unknown


def test_channels_of_the_user(make_stack, tmp_path):
    table = tmp_path / "channels.json"
    table.write_text(json.dumps({"v": 1, "channels": [
        {"name": "shelf.label", "fields": [
            {"name": "line", "counter": "width", "max": 12, "items_min": 2, "items_max": 2},
            {"name": "note", "max": 20, "min": 0}]}]}))
    stack = make_stack()
    stack.env["BARKER_CHANNELS"] = str(table)
    stack.worker()
    listed = json.loads(stack.cli("channels", "--json"))
    assert [f["name"] for c in listed if c["name"] == "shelf.label" for f in c["fields"]] == [
        "line", "note"]
    stack.enqueue({"id": "own", "kind": "content", "channel": ["shelf.label"],
                   "approval": "none", "input": {"brief": "Winter tea", "n": 3}})
    stack.wait_state("own", "live")
    for variant in stack.variants("own").values():
        value = json.loads(variant["text"])
        assert len(value["line"]) == 2 and all(1 <= COUNTERS["width"](t) <= 12
                                               for t in value["line"])
        assert len(value["note"]) <= 20
    table.write_text('{"v":1,"channels":[{"name":"x","fields":[{"name":"y","max":-1}]}]}')
    done = subprocess.run([str(BUILD / "barker"), "channels"], env=stack.env,
                          capture_output=True, text=True)
    assert done.returncode == 2 and "/channels/0/fields/0/max" in done.stderr


ALPHABETS = ["abcdefghij XYZ.,!?", "^{}\\[~]|€\f", "éèùìòÇØøÅåÄÖÑÜ§¿äöñüàß¡£¥¤ΔΦΓΛΩΠΨΣΘΞ",
             "çâêîôûãõ`", "汉字轻羽绒服双十一立减元", "😀🧥❄🎉👍", "ｓａｌｅ！１００％", "한국어 판매",
             "ひらがなカタカナ", "e\u0301n\u0303", "👩\u200d👩\u200d👧", "\u2028\u00a0\u200b", "—…“”·"]


def random_text(rng):
    """Long enough to straddle segments, with pairs at the border more often than not."""
    text = ""
    for _ in range(rng.randint(1, 5)):
        alphabet = rng.choice(ALPHABETS)
        length = rng.choice([1, 3, 20, 66, 69, 70, 152, 153, 160])
        text += "".join(rng.choice(alphabet) for _ in range(length))
    return text


def test_counters_agree_with_python():
    rng = random.Random(20261125)
    texts = [random_text(rng) for _ in range(10000)]
    texts += ["A" * 161, "a" * 350, "字" * 160, "a" * 152 + "€" + "a" * 152,
              "字" * 66 + "😀" + "字" * 66, "ç", "Ç", "你好hello", "汉" * 30, "汉" * 31, "café", "",
              "ｓａｌｅ"]
    for name, count in COUNTERS.items():
        ours = count_all((name, text) for text in texts)
        for text, got in zip(texts, ours, strict=True):
            assert got == count(text), (name, text)
    assert [COUNTERS["gsm7_segments"](t) for t in texts[10000:10007]] == [2, 3, 3, 3, 3, 1, 1]
    assert COUNTERS["half_width"]("你好hello") == 5
