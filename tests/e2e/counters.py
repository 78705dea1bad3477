"""Channel lengths, written from the standards for these tests alone (no code shared
with campaigns/checks): 3GPP TS 23.038 / 23.040, UAX #11, GBK, and code points."""
import json
import unicodedata

GSM = set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
          "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
EXT = set("^{}\\[~]|€\f")


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


def sms_units(text):
    """Cost of each character, units of a single message and of a part."""
    if all(ch in GSM or ch in EXT for ch in text):
        return [2 if ch in EXT else 1 for ch in text], 160, 153
    return [utf16(ch) for ch in text], 70, 67


def sms_segments(text):
    if not text:
        return 0
    units, single, per = sms_units(text)
    if sum(units) <= single:
        return 1
    segments, room = 1, per
    for size in units:
        if size > room:
            segments, room = segments + 1, per
        room -= size
    return segments


def width(text):
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def gbk(text):
    try:
        return len(text.encode("gbk"))
    except UnicodeEncodeError:
        return -1


COUNTERS = {"code_points": len, "utf16": utf16, "octets": lambda t: len(t.encode()),
            "gsm7_segments": sms_segments, "gsm7_units": lambda t: sum(sms_units(t)[0]),
            "width": width, "half_width": lambda t: -(-width(t) // 2), "gbk_bytes": gbk}


def one_line(text):
    return "\n" not in text and "\r" not in text


def within(counter, low, high, line=False):
    def check(text):
        return low <= COUNTERS[counter](text) <= high and (not line or one_line(text))
    return check


def items(low, high, check):
    def judge(value):
        return (isinstance(value, list) and low <= len(value) <= high
                and len(set(value)) == len(value) and all(check(text) for text in value))
    return judge


def title_amazon(text):
    words = [w.lower() for w in text.replace(",", " ").replace(":", " ").split()]
    free = {"a", "an", "the", "in", "on", "over", "with", "for", "of", "to", "by", "from",
            "at", "as", "into", "under", "without", "and", "or", "but", "nor", "so", "yet"}
    return (1 <= len(text) <= 200 and one_line(text) and not set(text) & set("!$?_{}^¬¦")
            and all(words.count(w) <= 2 for w in words if w not in free))


SUBJECT = within("octets", 1, 998, True)
PARAGRAPH = within("code_points", 1, 20000)
# one check for a text, or one per field
CHANNELS = {
    "plain": lambda t: bool(t.strip()),
    "sms": within("gsm7_segments", 1, 1),
    "sms.en-US": lambda t: (sms_segments(t) == 1 and t.startswith("Alpine House: ")
                            and t.endswith("Reply STOP to opt out.")),
    "sms.zh-CN": lambda t: (utf16(t) <= 500 and t.startswith("【超越户外】")
                            and t.endswith("拒收请回复R")),
    "email.subject": SUBJECT,
    "email.preheader": SUBJECT,
    "email": {"subject": SUBJECT, "preheader": SUBJECT, "body": PARAGRAPH},
    "email.en-US": {"subject": SUBJECT, "preheader": SUBJECT,
                    "body": lambda t: (PARAGRAPH(t) and "\n\n1 Mill Road, Bend OR\n" in t
                                       and t.endswith("Unsubscribe: https://shop.example/u"))},
    "google.rsa": {"headline": items(3, 15, within("width", 1, 30, True)),
                   "description": items(2, 4, within("width", 1, 90, True)),
                   "path": items(0, 2, within("width", 1, 15, True))},
    "google.pmax": {"headline": items(3, 15, within("width", 1, 30, True)),
                    "long_headline": items(1, 5, within("width", 1, 90, True)),
                    "description": lambda v: (items(2, 5, within("width", 1, 90, True))(v)
                                              and min(map(width, v)) <= 60),
                    "business": within("width", 1, 25, True)},
    "meta": {"primary_text": items(1, 5, within("code_points", 1, 2200)),
             "headline": items(1, 5, within("code_points", 1, 255, True)),
             "description": items(0, 5, within("code_points", 1, 255, True))},
    "tiktok.ad_text": within("width", 1, 100, True),
    "amazon.title": title_amazon,
    "taobao.title": within("gbk_bytes", 1, 60, True),
    "xiaohongshu": {"title": within("half_width", 1, 20, True),
                    "body": within("half_width", 1, 1000)},
    "wechat_oa": {"title": within("code_points", 1, 32, True),
                  "author": within("code_points", 0, 16, True),
                  "digest": within("code_points", 0, 128),
                  "body": lambda t: 1 <= len(t) < 20000 and len(t.encode()) < 1 << 20},
    "baidu": {"title": within("gbk_bytes", 8, 28, True),
              "line": items(1, 2, within("gbk_bytes", 8, 40, True))},
    "push.xiaomi": {"title": within("code_points", 1, 50, True),
                    "body": within("code_points", 1, 128)},
    "push.huawei": {"title": within("code_points", 1, 40, True),
                    "body": within("code_points", 1, 1024)},
    "push.oppo": {"title": within("code_points", 1, 32, True),
                  "body": within("code_points", 1, 200)},
    "push.vivo": {"title": within("code_points", 1, 40, True),
                  "body": within("code_points", 1, 100)},
    "push.ios": {"title": within("code_points", 1, 4078, True),
                 "body": within("code_points", 1, 4078)},
    "push.android": {"title": within("code_points", 1, 4000, True),
                     "body": within("code_points", 1, 4000)},
}
PAYLOAD = {"push.ios": 4096 - len('{"aps":{"alert":}}'), "push.android": 4000}


def fits(placement, text):
    """Does the text of a variant keep to all hard limits of its channel?"""
    channel = placement.split("/")[0]
    checks = CHANNELS[channel]
    if callable(checks):
        return checks(text)
    value = json.loads(text)
    return (list(value) == list(checks) and len(text.encode()) <= PAYLOAD.get(channel, 1 << 22)
            and all(check(value[name]) for name, check in checks.items()))
