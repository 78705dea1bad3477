/* config.h: configuration. File < environment < flag. Keys come from settings.def;
 * sections [endpoint NAME] and [tenant NAME] repeat. Unknown keys are errors with
 * their line. `struct config` **owns** its strings; read-only after load. */
#ifndef BARKER_CORE_BASE_CONFIG_H
#define BARKER_CORE_BASE_CONFIG_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_ENDPOINTS_MAX 32
#define CONFIG_TENANTS_MAX 1000
#define CONFIG_FALLBACKS_MAX 8
#define CONFIG_WEIGHT_MAX 1000
#define CONFIG_CAMPAIGNS_MAX 1000000
#define CONFIG_IN_FLIGHT_MAX 1000000
#define CONFIG_SECRET_MIN 16 /* bytes of a secret */
#define CONFIG_TPM_MAX INT64_C(1000000000000)

/* How an endpoint is asked for JSON of a certain shape. */
enum config_structured {
    CONFIG_STRUCTURED_SCHEMA, /* "json_schema": it is given the schema */
    CONFIG_STRUCTURED_OBJECT, /* "json_object": it knows JSON, no schema */
    CONFIG_STRUCTURED_TOOL,   /* "tool": a forced call of a tool */
    CONFIG_STRUCTURED_PROMPT, /* "prompt": by words alone */
};

/* usd per 1,000,000 tokens, in nano-dollars per token; < 0 = not given */
struct config_endpoint {
    char name[64], dialect[32], base_url[512], model[128], key_env[64];
    int64_t rpm, tpm, itpm, otpm, max_in_flight; /* 0 = no limit */
    double price_in_nano, price_out_nano, price_cached_nano, price_written_nano;
    char max_tokens_name[32]; /* of the parameter; "" = as the dialect has it */
    char api_version[32];     /* of Azure's classic addresses */
    enum config_structured structured;
    bool json_schema;   /* false = structured is "prompt"; the older key */
    bool stream, hedge; /* replies come bit by bit, and may be stopped */
    char fallback[640]; /* names of others, as written */
    size_t fallbacks[CONFIG_FALLBACKS_MAX]; /* which they are, see config_endpoint_at */
    size_t fallback_count;
    bool batch;         /* takes batches, for campaigns that can wait */
    double price_batch; /* what a call in one costs, of the price of one at once */
};

struct config_tenant {
    char name[65];
    int64_t usd_per_day_nano; /* nano-dollars a UTC day; -1 = no limit */
    int64_t weight;           /* turns beside others' 1, 1 to CONFIG_WEIGHT_MAX */
    int64_t max_campaigns;    /* in flight, to CONFIG_CAMPAIGNS_MAX; 0 = no limit */
    int64_t max_in_flight;    /* LLM calls, to CONFIG_IN_FLIGHT_MAX; 0 = no limit */
    int64_t tpm;              /* tokens in any 60 s, to CONFIG_TPM_MAX; 0 = no limit */
};

struct config;
/* path NULL: BARKER_CONFIG, else ./barker.ini if there, else none. */
enum err config_load(const char *path, struct config **out,
                     struct err_detail *d) MUST_USE;
void config_free(struct config *c);
const char *config_path(const struct config *c); /* of the file read; "" = none */
/* A flag on the command line; section.key as in settings.def. */
enum err config_override(struct config *c, const char *section, const char *key,
                         const char *value, struct err_detail *d) MUST_USE;

const char *config_str(const struct config *c, const char *section, const char *key);
int64_t config_int(const struct config *c, const char *section, const char *key);
bool config_bool(const struct config *c, const char *section, const char *key);
/* Endpoints of the file; with none, one named "default" made of OPENAI_BASE_URL
 * (default https://api.openai.com/v1), OPENAI_API_KEY, BARKER_MODEL, if any is set. */
size_t config_endpoint_count(const struct config *c);
const struct config_endpoint *config_endpoint_at(const struct config *c, size_t i);
/* Tenants of the file. */
size_t config_tenant_count(const struct config *c);
const struct config_tenant *config_tenant_at(const struct config *c, size_t i);
/* NULL: the file does not name it, nothing is limited. */
const struct config_tenant *config_tenant_find(const struct config *c,
                                               const char *name);
/* Writes the documented sample file (barker.ini) to stdout-like buf. */
struct buf;
enum err config_sample(struct buf *out);

#endif
