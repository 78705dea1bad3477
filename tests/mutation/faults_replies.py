"""More faults, as in faults.py: what models write."""

FAULTS = {
    "no-text-is-damage": (
        "core/base/json_scan.c", "e == ERR_BAD_ENCODING && *at == '\\\\'", "false",
        "a reply with U+0000 counts as a fault of its server", ["unit:core.base.json_scan_test"]),
    "garble-goes-live": (
        "campaigns/kinds/content/content_write.c", "if (garble_find(body, strlen(body)))",
        "if (false)", "a text with damaged characters is shown", ["unit:campaigns.content_test"]),
    "garble-of-fields": (
        "campaigns/kinds/content/content_write.c", "if (garble_find(body, strlen(body)))",
        "if (garble_find(text, strlen(text)))", "one field of several goes live with damage",
        ["unit:campaigns.kinds.content.content_write_test"]),
    "controls-are-text": (
        "campaigns/checks/garble.c", "bool control = c < 0x20 ||", "bool control =",
        "a text moves the cursor of a terminal", ["unit:campaigns.checks.garble_test"]),
    "cut-again-and-again": (
        "workers/llm/llm_call.c", "provider_fail(r, ERR_TRUNCATED, c->is_first,",
        "provider_fail(r, ERR_TRUNCATED, true,",
        "six replies of the same length are paid for", ["unit:workers.llm.llm_test"]),
    "streams-if-not-told": (
        "workers/llm/providers/openai_responses.c", "if (!(out->without & PROVIDER_STREAM))",
        "if (out->stream)", "some servers stream what was to be whole",
        ["unit:workers.llm.providers.dialects_build_test"]),
}
