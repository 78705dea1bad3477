"""The hidden taste of the simulated shoppers: from a text to the true chance of a click.

Barker never sees these numbers, and nothing here comes from the simulated model: only
plain features of a text and a private liking of each word count."""
import hashlib
import math
import re

BASE = {"email.subject": 0.032, "sms": 0.045}
WORD_WEIGHT = 0.13  # spread of one word's appeal, in log odds
SECRET = "what these shoppers like"


def word_appeal(word):
    """About normal, mean 0, spread 1: the same for a word wherever it stands."""
    digest = hashlib.sha256((SECRET + ":" + word).encode()).digest()
    return (sum(digest[:12]) - 12 * 127.5) / (math.sqrt(12) * 73.9)


def true_rate(channel, text):
    words = re.findall(r"[a-z']+", text.lower())
    appeal = sum(word_appeal(w) for w in set(words)) / math.sqrt(len(words) or 1)
    odds = math.log(BASE.get(channel, 0.05) / (1 - BASE.get(channel, 0.05)))
    odds += WORD_WEIGHT * appeal
    odds += 0.08 * ("?" in text)
    odds += 0.06 * any(w in ("you", "your") for w in words)
    odds -= 0.01 * max(0, len(words) - 8)
    odds -= 0.10 * ("!" in text)
    return 1 / (1 + math.exp(-odds))
