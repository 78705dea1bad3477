/* config_sample.c: barker.ini with every key, written from settings.def. Prose lines
 * start with '#', keys at their default with ';', so that taking a ';' away sets one.
 */
#include "core/base/buf.h"
#include "core/base/config.h"

#include <string.h>

static const char head[] =
    "# Barker configuration. This file < environment < command line flags.\n"
    "# Take the ';' away to set a key; what is shown is the default.\n"
    "# An unknown key is an error.\n";

static const char endpoints[] =
    "\n"
    "# One section per LLM endpoint; NAME is yours: letters, digits and _.-\n"
    "# With no such section, OPENAI_BASE_URL, OPENAI_API_KEY and BARKER_MODEL\n"
    "# of the environment make one endpoint called default.\n"
    ";[endpoint main]\n"
    "# how the endpoint speaks: openai_chat, openai_responses, openai_completions,\n"
    "# azure_openai, anthropic or gemini; openai_embeddings and openai_moderations do\n"
    "# not chat: calls of these sorts go to the first such endpoint\n"
    ";dialect = openai_chat\n"
    "# address up to, not with, /chat/completions and the like\n"
    ";base_url = https://api.openai.com/v1\n"
    "# must be given\n"
    ";model = gpt-4o-mini\n"
    "# environment variable that holds the key; empty: no key is sent\n"
    ";key_env = OPENAI_API_KEY\n"
    "# your limits there: requests and tokens per minute, tokens of prompts and of "
    "replies\n"
    "# where they are limited apart, calls at once; 0 = none\n"
    ";rpm = 0\n"
    ";tpm = 0\n"
    ";itpm = 0\n"
    ";otpm = 0\n"
    ";max_in_flight = 0\n"
    "# usd per 1,000,000 tokens; without them the price table is asked\n"
    ";price_in = 0.15\n"
    ";price_out = 0.60\n"
    "# prompt tokens from the provider's cache, and those written into it; else "
    "price_in\n"
    ";price_cached = 0.075\n"
    ";price_written = 0.15\n"
    "# how it is asked for JSON: json_schema, json_object, tool or prompt\n"
    ";structured = json_schema\n"
    "# the older key: false is structured = prompt\n"
    ";json_schema = true\n"
    "# name of the parameter for the length of a reply, if not the dialect's own\n"
    ";max_tokens_name =\n"
    "# azure_openai with addresses of deployments, such as 2024-10-21\n"
    ";api_version =\n"
    "# true: replies are streamed; one that cannot come right is stopped early\n"
    ";stream = false\n"
    "# other endpoints, separated by commas, that take its calls in this order while "
    "it\n"
    "# cannot be used; each with its own model\n"
    ";fallback =\n"
    "# true: calls of campaigns with llm.batch wait for the provider's batches, at "
    "this\n"
    "# share of the price\n"
    ";batch = false\n"
    ";price_batch = 0.5\n"
    "\n"
    "# One section per tenant with limits of its own; NAME as `tenant` in its specs.\n"
    ";[tenant acme]\n"
    "# usd that its calls may cost in one UTC day, over all workers; none: no limit\n"
    ";usd_per_day = 25.00\n"
    "# how many turns it has in the queue while others have one, 1 to 1000\n"
    ";weight = 1\n"
    "# campaigns that workers may have in hand at once, 1 to 1000000; none: no limit\n"
    ";max_campaigns = 5\n"
    "# LLM calls it may have under way at once, 1 to 1000000, and tokens (in and out) "
    "in any\n"
    "# minute, over all workers and endpoints; none: no limit\n"
    ";max_in_flight = 8\n"
    ";tpm = 60000\n";

enum err config_sample(struct buf *out)
{
    static const struct {
        const char *section, *key, *initial, *env, *meaning;
    } rows[] = {
#define SETTING(section, key, type, initial, env, meaning)                             \
    {#section, #key, initial, env, meaning},
#include "core/base/settings.def"
#undef SETTING
    };
    const char *section = "";
    buf_append_str(out, head);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(section, rows[i].section) != 0) {
            section = rows[i].section;
            buf_printf(out, "\n[%s]\n", section);
        }
        buf_printf(out, "# %s", rows[i].meaning);
        if (*rows[i].env)
            buf_printf(out, " (environment: %s)", rows[i].env);
        buf_printf(out, "\n;%s =%s%s\n", rows[i].key, *rows[i].initial ? " " : "",
                   rows[i].initial);
    }
    buf_append_str(out, endpoints);
    return buf_status(out);
}
