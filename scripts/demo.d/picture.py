"""What came out, drawn in a terminal: one row per variant, estimate beside truth."""
import argparse
import json
import os
import sys

from redis_wire import Redis

SCALE = 34  # columns of the rate axis
BAR = 12  # columns of a full share
TEXT = 44
ROWS = 12


def is_fancy():
    """Block characters and bold only where somebody will surely see them."""
    names = [os.environ.get(n, "") for n in ("LC_ALL", "LC_CTYPE", "LANG")]
    locale = next((n for n in names if n), "")
    return sys.stdout.isatty() and "utf-8" in locale.lower().replace("utf8", "utf-8")


FANCY = is_fancy()
FULL, LINE, DOT, TRUE = ("█", "─", "●", "┃") if FANCY else ("#", "-", "o", "|")


def bold(text):
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") \
        or os.environ.get("TERM", "dumb") == "dumb"
    return text if plain else f"\033[1m{text}\033[0m"


def say(text=""):
    coding = sys.stdout.encoding or "ascii"
    print(text.encode(coding, "replace").decode(coding), flush=True)


def shorten(text, size):
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= size else plain[:size - 3] + "..."


def axis(variant, true, low, high):
    """The interval as a line, the estimate as a dot, the hidden rate as a bar."""
    def column(rate):
        at = round((rate - low) / (high - low) * (SCALE - 1))
        return min(max(at, 0), SCALE - 1)

    cells = [" "] * SCALE
    for at in range(column(variant["rate_lo"]), column(variant["rate_hi"]) + 1):
        cells[at] = LINE
    cells[column(variant["rate"])] = DOT
    cells[column(true)] = TRUE
    return "".join(cells)


def draw_variant(variant, true, low, high):
    share = FULL * round(variant["weight"] * BAR)
    state = variant["state"]
    say(f"  {variant['id']:<4}{state:<9}{share:<{BAR}}{variant['weight']:>5.0%}"
        f"{variant['p_best']:>7.2f} {axis(variant, true, low, high)}"
        f" {variant['rate']:>6.2%} {true:>6.2%}  {shorten(variant['text'], TEXT)}")


def draw_lift(placement, rates):
    by_id = {v["id"]: v for v in placement["variants"]}
    leader = by_id.get(placement["leader"])
    control = next((v for v in by_id.values() if v["state"] == "control"), None)
    if not leader or not control or not placement["evidence"]:
        say("  no evidence yet")
        return
    truth = rates[leader["id"]] / rates[control["id"]] - 1
    say(f"  leader {leader['id']}, lift over the control "
        + bold(f"{placement['lift']:+.1%}")
        + f" [{placement['lift_lo']:+.1%}, {placement['lift_hi']:+.1%}]"
        + f", hidden truth {truth:+.1%}")


def draw_value(placement, rates, clicks):
    """Clicks per 1,000 shoppers in expectation, by the hidden rates."""
    seen = sum(v["impressions"] for v in placement["variants"]) or 1
    control = next((rates[v["id"]] for v in placement["variants"]
                    if v["state"] == "control"), 0)
    first = [rates[v["id"]] for v in placement["variants"] if v["round"] <= 1]
    say(f"  clicks per 1,000 by the hidden rates: control alone {1000 * control:.1f}, "
        f"equal shares {1000 * sum(first) / len(first):.1f}, "
        + bold(f"Barker {1000 * clicks / seen:.1f}")
        + f", best text of round 1 {1000 * max(first):.1f}")


def draw(document, rates, expected, model):
    for placement in document["placements"]:
        variants = placement["variants"]
        shown = variants[:ROWS]
        low = min(min(v["rate_lo"], rates[v["id"]]) for v in shown)
        high = max(max(v["rate_hi"], rates[v["id"]]) for v in shown)
        say()
        say(bold(f"  {placement['placement']}: {placement['impressions']:,} simulated "
                 f"shoppers, texts by the {model} LLM"))
        say(f"  {'':<13}{'share':<{BAR + 5}}P(best) "
            f"{f'{low:.1%} click':<{SCALE - 6}}{high:>6.1%} {'est.':>6} {'true':>6}  text")
        for variant in shown:
            draw_variant(variant, rates[variant["id"]], low, high)
        if len(variants) > ROWS:
            say(f"  and {len(variants) - ROWS} more")
        draw_lift(placement, rates)
        draw_value(placement, rates, expected.get(placement["placement"], 0))
    say()
    say(f"  {LINE}{DOT}{LINE} estimate with its 95 % interval   {TRUE} hidden true rate "
        "of the simulated shoppers, which Barker never sees")


def draw_rounds(document):
    say()
    say(bold("  Regenerated rounds (simulated traffic)"))
    for placement in document["placements"]:
        for variant in placement["variants"]:
            if variant["round"] > 1:
                say(f"  round {variant['round']}  {variant['id']:<4} parent "
                    f"{variant['parent']:<4} {variant['state']:<9}"
                    f"{placement['placement']:<14} {shorten(variant['text'], 60)}")


def draw_spend(state):
    usd = f"{float(state['usd']):.4f} usd" if state["usd_known"] == "1" else "price unknown"
    say()
    say(bold("  Spend: ") + f"{state['calls']} calls, {state['tokens_in']} tokens in, "
        f"{state['tokens_out']} out, {usd} of {float(state['usd_budget']):.2f} allowed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--socket", "--campaign", "--truth"):
        parser.add_argument(name, required=True)
    parser.add_argument("--prefix", default="bk")
    parser.add_argument("--model", default="simulated", help="who wrote the texts")
    options = parser.parse_args()
    redis = Redis(options.socket)
    key = f"{options.prefix}:{{0}}:c:{options.campaign}"
    document = json.loads(redis.do("GET", key + ":doc"))
    with open(options.truth, encoding="utf-8") as file:
        truth = json.load(file)
    draw(document, truth["rates"], truth["expected"], options.model)
    draw_rounds(document)
    draw_spend(redis.hash(key))


if __name__ == "__main__":
    main()
