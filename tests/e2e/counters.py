"""Channel lengths, written from the standards for these tests alone (no code shared
with campaigns/checks): 3GPP TS 23.038 / 23.040, and code points."""

GSM = set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
          "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
EXT = set("^{}\\[~]|€\f")


def sms_segments(text):
    if not text:
        return 0
    if all(ch in GSM or ch in EXT for ch in text):
        units, single, per = [2 if ch in EXT else 1 for ch in text], 160, 153
    else:
        units, single, per = [2 if ord(ch) > 0xFFFF else 1 for ch in text], 70, 67
    if sum(units) <= single:
        return 1
    segments, room = 1, per
    for size in units:
        if size > room:
            segments, room = segments + 1, per
        room -= size
    return segments


def fits(channel, text):
    if channel == "sms":
        return 1 <= sms_segments(text) <= 1
    if channel == "email.subject":
        return 0 < len(text.encode()) <= 998 and "\n" not in text and "\r" not in text
    return bool(text.strip())
