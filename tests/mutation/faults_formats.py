"""More faults, as in faults.py: event formats."""

FORMATS = "campaigns/formats/"
READER, READING, LOOKUP, FIELD = (
    f"{FORMATS}format_{name}.c" for name in ("reader", "reading", "lookup", "field"))
STAMP, QUERY = "core/base/stamp.c", "core/base/query.c"
GA4, CLOUD, REFUND = (f"{FORMATS}{name}.c" for name in ("ga4", "cloudevents", "shopify_refund"))


def unit(name):
    return f"unit:campaigns.formats.{name}_test"


FAULTS = {
    "other-unit-untold": (
        STAMP, "*fixed = i != (int)unit;", "*fixed = false;",
        "nobody learns that a sender writes milliseconds for seconds", [unit("meta")]),
    "offset-turned-round": (
        STAMP, "(west ? -1 : 1)", "(west ? 1 : -1)", "events are hours off",
        ["unit:core.base.stamp_test"]),
    "query-not-decoded": (
        QUERY, "    return 3;\n}", "    return 1;\n}", "a variant in an address is not known",
        ["unit:core.base.query_test", unit("format_reader")]),
    "bad-one-sinks-batch": (
        READER, "    r->item = json_next(r->item);", "    r->item = why->code ? NULL : json_next(r->item);",
        "the events after a bad one are lost", [unit("format_reader"), unit("segment")]),
    "pointer-from-the-item": (
        READER, "        pointer_add_index(&p, r->item_index);\n", "",
        "nobody finds the bad event in its batch", [unit("format_reader")]),
    "unchecked-event": (
        READER, "if (format_check_event(r->event, &bad, r->d))", "if (false)",
        "a purchase of less than nothing counts", [unit("format_reading"), unit("ga4")]),
    "refund-adds": (
        FIELD, "        e->value_micro = -e->value_micro;", "        e->value_micro += 0;",
        "what is given back is counted as earned", [unit("format_reading"), unit("plain")]),
    "variant-of-another": (
        LOOKUP, "        if (!is_complete)\n            return;\n", "",
        "a purchase loses its variant to a campaign that names none", [unit("format_lookup")]),
    "utm-before-ids": (
        LOOKUP, "    if (*e->campaign && *e->variant)\n        return;\n", "",
        "ids of ours do not hold against an address", [unit("format_lookup"), unit("cloudevents")]),
    "number-cut": (
        FIELD, "e->value_micro = llround(n);", "e->value_micro = (int64_t)n;",
        "prices lose a millionth", [unit("format_reading")]),
    "transaction-is-its-refund": (
        GA4, "if (strcmp(r->event->type, \"refund\") == 0)", "if (false)",
        "of two parts given back one counts", [unit("ga4")]),
    "clicks-without-time-are-one": (
        GA4, "client_of(r->body), name, micros,", "client_of(r->body), name, *micros ? micros : \"-\",",
        "the second click of a visitor is not counted", [unit("ga4")]),
    "base64-of-anything": (
        CLOUD, "if (e || json_type(r->decoded) != JSON_OBJECT)", "if (e)",
        "an event of bytes that nobody can read is said to lack its campaign", [unit("cloudevents")]),
    "failed-refund-counts": (
        REFUND, "           strcmp(status, \"success\") == 0;", "           *status;",
        "money that was never paid back is subtracted", [unit("shopify_refund")]),
    "two-currencies-added": (
        REFUND, "if (*currency && strcmp(currency, json_str(code, currency)) != 0)", "if (false)",
        "euros and dollars are one sum", [unit("shopify_refund")]),
    "long-batch-cut": (
        "workers/feedback/feedback_entry.c", "        if (n == EVENTS_BATCH_MAX)\n", "        if (n == 2 * EVENTS_BATCH_MAX)\n",
        "memory is written behind the entry", ["unit:workers.feedback.feedback_entry_test"]),
}
