"""Which variant a user sees: the rule of docs/PROTOCOL.md, written a second time, so
that a whole list is assigned without a process per user."""
import math

MASK = (1 << 64) - 1


def mix(x):
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD & MASK
    x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return x ^ x >> 33


def hash_fast(text, seed):
    h = 0xCBF29CE484222325 ^ mix(seed)
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 & MASK
    return mix(h)


def pick(seed, user, arms):
    """arms: [(variant, share)]; seed: hash of campaign and placement."""
    seed = hash_fast(user, seed)
    best, best_score = None, 0.0
    for variant, share in arms:
        if share > 0:
            unit = ((hash_fast(variant, seed) >> 12) + 0.5) * 2.0**-52
            score = -share / math.log(unit)
            if best is None or score > best_score:
                best, best_score = variant, score
    return best


def seed_of(campaign, placement):
    return hash_fast(placement, hash_fast(campaign, 0))
