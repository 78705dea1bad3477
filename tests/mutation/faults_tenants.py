"""More faults, as in faults.py: the money of tenants over all workers."""

FUND = "queues/lua/fund.lua"
LIVE = "workers/live/"
SCRIPT, E2E = "e2e:test_scripts_tenants.py", "e2e:test_tenants.py"
PURSE = "unit:workers.live.purse_test"
LEASES = "unit:workers.live.purse_lease_test"
SIM = "sim:--seeds 150 --way 0"

FAULTS = {
    "fund-silent-counts-twice": (
        FUND, """ .. " 0 " .. seen .. " " .. at)""", """ .. " 0 " .. seen .. " 0")""",
        "after an hour without Redis all that was spent today counts twice", [SCRIPT]),
    "fund-quiet-counts-twice": (
        FUND, "silent > FORGET_MS", "silent > 600000",
        "the same of a worker that had nothing under way, after ten minutes", [SCRIPT]),
    "fund-held-counts-twice": (
        FUND, "nano_text(plus(nano(spent), nano(held)))", "nano_text(nano(spent))",
        "what a worker held that was away for an hour is spent, and held again", [SCRIPT]),
    "fund-leases-kept": (
        FUND, "flat[i] == over or ", "",
        "the book of a day grows with each pause of a tenant's campaigns", [SCRIPT, LEASES]),
    "fund-lease-not-named": (
        LIVE + "purse_ledger.c", "    if (p->sent.over)\n", "    if (false)\n",
        "the same", [LEASES]),
    "held-money-granted-again": (
        FUND, "plus(plus(book.spent, book.gone), plus(book.live, under_way))",
        "plus(book.spent, plus(book.live, under_way))",
        "money of a worker that died is spent a second time", [SCRIPT]),
    "the-dead-awaited": (
        FUND, 'silent > lease_ms and "gone" or "live"', '"live"',
        "campaigns wait for ever for money of a worker that died", [SCRIPT]),
    "spent-twice": (
        FUND, "minus(said, book.said)", "said",
        "each word of a worker counts its whole day again", [SCRIPT]),
    "overtaken-ask-heard": (
        FUND, "number <= book.number then", "false then",
        "an old word brings back money that is spent", [SCRIPT]),
    "yesterday-on-today": (
        FUND, "local about = arg(5) > 0 and arg(5) or today", "local about = today",
        "the new day begins with the cost of the old one", [SCRIPT]),
    "money-of-yesterday": (
        FUND, "if about == today then", "if true then",
        "a worker that is slow at midnight spends what is left of yesterday", [SCRIPT]),
    "one-lease-for-two-days": (
        LIVE + "purse_ledger.c", "    new_lease(p, 0);\n    p->over = 0; /* yesterday's book is not looked at again */\n    p->gone = p->all_spent = p->over_since_ms = 0;",
        "    p->today = (struct purse_day){.lease = p->leases};\n    p->gone_spent = p->gone = p->all_spent = p->over_since_ms = 0;",
        "what was spent shortly before midnight is forgotten", [PURSE]),
    "large-sums-rounded": (
        "queues/lua/lib_nano.lua", "tonumber(string.sub(n, -9))}", "math.floor(tonumber(string.sub(n, -9)) / 1000) * 1000}",
        "nano-dollars get lost", [SCRIPT]),
    "block-takes-all": (
        FUND, "math.max(first, math.floor(room / SHARE / first) * first)", "room",
        "one worker holds what is left of the day", [SCRIPT]),
    "refused-too-soon": (
        LIVE + "purse.c", "if (usd_nano > room_of(p)) {", "if (usd_nano > room_of(p) - p->today.under_way) {",
        "campaigns end while money may still come back", [PURSE]),
    "never-refused": (
        LIVE + "purse.c", "    if (usd_nano > room_of(p)) {", "    if (false) {",
        "campaigns of a tenant without money never end", [PURSE]),
    "unknown-price-is-free": (
        LIVE + "purse.c", "        return ERR_PRICE_UNKNOWN;", "        return ERR_OK;",
        "a model without a price spends without limit", [PURSE]),
    "costs-nothing": (
        LIVE + "calls_live.c", "&c.grant, result->usd_nano);", "&c.grant, 0);",
        "no call is ever paid from the day", [E2E]),
    "money-lost-on-leaving": (
        LIVE + "purse_ledger.c", "if (is_open(&p->today) || p->asking)", "if (false)",
        "each rolling restart takes money of the day", [PURSE]),
    "refused-asks-kept": (
        "workers/run/runner.c", "        else if (run->refused)\n            run_give_up(run);\n", "",
        "a campaign of a tenant without money never ends", [SIM]),
    "two-or-none": (
        "workers/llm/ways.c", "if (most.usd_nano >= below && most.for_two) {", "if (false) {",
        "a call that might be asked twice does not get the last money",
        ["unit:workers.llm.ways_test", E2E]),
    "unpriced-goes-on": (
        "workers/run/run_short.c", "code != ERR_OVER_BUDGET && !run->failing", "false",
        "a campaign without a price ends as over budget", [SIM]),
    "price-not-asked": (
        "workers/intake.c", "known || !t || t->usd_per_day_nano < 0", "true",
        "what cannot be counted is admitted", [E2E]),
}
