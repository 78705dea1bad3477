/* semconv.c: dialects in the words of the conventions. */
#include "workers/telemetry/semconv.h"
#include <stddef.h>
#include <string.h>

static const struct {
    const char *dialect, *provider, *operation;
} known[] = {
    {"openai_chat", "openai", "chat"},
    {"openai_responses", "openai", "chat"},
    {"openai_completions", "openai", "text_completion"},
    {"azure_openai", "azure.ai.openai", "chat"},
    {"anthropic", "anthropic", "chat"},
    {"gemini", "gcp.gemini", "generate_content"},
    {"openai_embeddings", "openai", "embeddings"},
    {"openai_moderations", "openai", "moderation"},
};

const char *semconv_provider(const char *dialect)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].dialect, dialect) == 0)
            return known[i].provider;
    return dialect;
}

const char *semconv_operation(const char *dialect)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].dialect, dialect) == 0)
            return known[i].operation;
    return "chat";
}
