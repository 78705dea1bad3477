"""More faults, as in faults.py: calls that are no chat."""

ENDPOINTS = "workers/llm/endpoints.c"
ASKS = "unit:workers.llm.llm_asks_test"
EMBEDDINGS = "unit:workers.llm.providers.openai_embeddings_test"

FAULTS = {
    "chat-to-embeddings": (
        ENDPOINTS, "any ? list->items[i].provider->serves == ASK_CHAT", "any ? true",
        "campaigns fail one after the other where only embeddings are served",
        [ASKS, "e2e:test_dialects.py::test_without_chat_there_is_no_endpoint"]),
    "falls-back-to-embeddings": (
        "workers/llm/ways.c", "return e->provider->serves == own->provider->serves &&",
        "return true &&",
        "a campaign fails over to an endpoint that cannot chat", [ASKS]),
    "vectors-of-another-model": (
        "workers/llm/ways.c", "strcmp(e->config->model, own->config->model) == 0);", "true);",
        "while an endpoint is down texts get vectors that are near nothing",
        ["unit:workers.llm.targets_test"]),
    "embedded-unpaid": (
        "campaigns/ask.h", "type == ASK_EMBED || type == ASK_MODERATE", "false",
        "embeddings are neither reserved nor paid for by the budget",
        ["sim:--seeds 0 --scenario batch"]),
    "embedded-unmasked": (
        "campaigns/engine.c", "return ask_is_call(e->asks.items[index].type) &&",
        "return e->asks.items[index].type == ASK_CHAT &&",
        "texts that are embedded take addresses along", ["unit:campaigns.engine_test"]),
    "no-number-passes": (
        "workers/llm/provider_vector.c", "return exponent != 0xff;", "return exponent <= 0xff;",
        "one NaN in a vector, and nothing is near anything any more", [EMBEDDINGS]),
    "vector-counted-as-text": (
        "workers/llm/llm_call.c", "c->endpoint->provider->serves == ASK_CHAT", "true",
        "an uncounted embedding is billed as thousands of tokens of a model", [ASKS]),
}
