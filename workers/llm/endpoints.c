/* endpoints.c: see endpoints.h. */
#include "workers/llm/endpoints.h"
#include "core/base/log.h"
#include "core/io/file.h"
#include "workers/llm/llm_tokens.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PRICES_MAX_BYTES ((size_t)1024 * 1024)
#define KEY_MAX_BYTES 4096

extern const char text_prices_json[]; /* workers/llm/data/prices.json */

/* Blanks around a key come from files and copying; inside it they are a mistake. */
static enum err read_key(struct endpoint *e, struct err_detail *d)
{
    const char *env = e->config->key_env;
    const char *value = *env ? getenv(env) : NULL;
    value = value ? value + strspn(value, " \t\r\n") : "";
    size_t len = strlen(value);
    while (len > 0 && strchr(" \t\r\n", value[len - 1]))
        len--;
    if (len == 0) {
        if (*env)
            log_event(LOG_INFO, "llm.no_key", "endpoint", e->config->name, "env", env,
                      NULL);
        return ERR_OK;
    }
    for (size_t i = 0; i < len; i++)
        if (value[i] <= ' ' || value[i] > '~')
            return err_set(d, ERR_CONFIG, env,
                           "the key of endpoint %s has a character that no key has",
                           e->config->name);
    if (len > KEY_MAX_BYTES)
        return err_set(d, ERR_CONFIG, env, "the key of endpoint %s is too long",
                       e->config->name);
    e->key = strndup(value, len);
    return e->key ? ERR_OK : ERR_NOMEM;
}

static enum err read_endpoint(struct endpoint *e, const struct config_endpoint *c,
                              struct err_detail *d)
{
    e->config = c;
    e->provider = provider_find(c->dialect);
    if (!e->provider)
        return err_set(d, ERR_CONFIG, "", "endpoint %s: there is no dialect '%s'",
                       c->name, c->dialect);
    if (!*c->base_url)
        return err_set(d, ERR_CONFIG, "",
                       "endpoint %s: dialect %s needs base_url, such as %s", c->name,
                       c->dialect, e->provider->base_url);
    if (strncasecmp(c->base_url, "http://", 7) != 0 &&
        strncasecmp(c->base_url, "https://", 8) != 0)
        return err_set(d, ERR_CONFIG, "",
                       "endpoint %s: base_url must begin with http:// or https://",
                       c->name);
    return read_key(e, d);
}

static enum err read_prices(struct endpoints *list, const struct config *c,
                            struct err_detail *d)
{
    const char *path = config_str(c, "llm", "prices");
    if (!*path)
        return price_table_new(text_prices_json, &list->prices, d);
    struct buf text;
    buf_init(&text, PRICES_MAX_BYTES);
    enum err e = file_read(path, &text, d);
    struct err_detail inside = {0};
    if (!e) {
        e = price_table_new(buf_str(&text), &list->prices, &inside);
        if (e)
            err_set(d, e, path, "the price table, at '%.60s': %.150s", inside.path,
                    inside.message);
    }
    buf_fini(&text);
    return e;
}

enum err endpoints_init(struct endpoints *list, const struct config *c,
                        struct err_detail *d)
{
    bool any_model = false;
    size_t count = config_endpoint_count(c);
    *list = (struct endpoints){.items = calloc(count + 1, sizeof *list->items)};
    enum err e = list->items ? read_prices(list, c, d) : ERR_NOMEM;
    for (size_t i = 0; !e && i < count; i++) {
        const struct config_endpoint *from = config_endpoint_at(c, i);
        any_model = any_model || *from->model;
        e = read_endpoint(&list->items[list->count++], from, d);
    }
    if (!e && list->count > 0 && !any_model)
        e = err_set(d, ERR_CONFIG, "",
                    "endpoint %s has no model: set BARKER_MODEL, or model= in its "
                    "section",
                    list->items[0].config->name);
    if (e)
        endpoints_fini(list);
    return e;
}

void endpoints_fini(struct endpoints *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char *key = list->items[i].key;
        if (key)
            explicit_bzero(key, strlen(key));
        free(key);
    }
    free(list->items);
    price_table_free(list->prices);
    *list = (struct endpoints){0};
}

struct endpoint *endpoints_find(const struct endpoints *list, const char *name)
{
    bool any = !name || !*name;
    for (size_t i = 0; i < list->count; i++)
        if (any ? list->items[i].provider->serves == ASK_CHAT
                : strcmp(list->items[i].config->name, name) == 0)
            return &list->items[i];
    return NULL;
}

struct endpoint *endpoints_for(const struct endpoints *list,
                               const struct port_call *call)
{
    enum ask_type type = call->ask->type;
    struct endpoint *named = endpoints_find(list, call->endpoint);
    if (named && named->provider->serves == type)
        return named;
    for (size_t i = 0; i < list->count && type != ASK_CHAT; i++)
        if (list->items[i].provider->serves == type)
            return &list->items[i];
    return NULL;
}

const char *endpoint_model(const struct endpoint *e, const char *model)
{
    return model && *model ? model : e->config->model;
}

const char *endpoint_model_for(const struct endpoint *e, const struct port_call *call)
{
    return endpoint_model(e, call->ask->type == ASK_CHAT ? call->model : "");
}

struct endpoint *endpoints_target(const struct endpoints *list,
                                  const struct port_call *call, const char **model)
{
    struct endpoint *own = endpoints_for(list, call), *e = own;
    if (own && call->grant.target > 0)
        e = &list->items[call->grant.target - 1];
    if (e)
        *model = e == own ? endpoint_model_for(e, call) : e->config->model;
    return e;
}

bool endpoint_price(const struct endpoints *list, const struct endpoint *e,
                    const char *model, struct price *out)
{
    const struct config_endpoint *c = e->config;
    bool chats = e->provider->serves == ASK_CHAT, in = c->price_in_nano >= 0;
    bool own = in && (c->price_out_nano >= 0 || !chats); /* else nothing comes out */
    *out = PRICE_NONE;
    bool found = price_find(list->prices, model, out);
    if (in) /* the table's classes belong to the table's price */
        *out = (struct price){c->price_in_nano, out->out_nano, -1, -1};
    if (c->price_out_nano >= 0)
        out->out_nano = c->price_out_nano;
    if (c->price_cached_nano >= 0)
        out->cached_nano = c->price_cached_nano;
    if (c->price_written_nano >= 0)
        out->written_nano = c->price_written_nano;
    return own || found || e->provider->free;
}

int64_t endpoint_prompt_tokens(const struct endpoints *list, const struct endpoint *e,
                               const struct port_call *call)
{
    struct price p;
    if (!e || !e->provider->free)
        return llm_prompt_tokens(call);
    bool priced = e->config->price_in_nano >= 0 ||
                  price_find(list->prices, endpoint_model_for(e, call), &p);
    return priced ? llm_prompt_tokens(call) : 0;
}

int64_t endpoint_cost_nano(const struct endpoints *list, const struct endpoint *e,
                           const char *model, int64_t tokens_in, int64_t tokens_out)
{
    struct price p;
    if (!endpoint_price(list, e, model, &p))
        return -1;
    p.in_nano = price_in_most_nano(&p);
    return price_cost_nano(&p,
                           &(struct price_usage){.in = tokens_in, .out = tokens_out});
}

struct port_estimate endpoints_estimate(const struct endpoints *list,
                                        const struct port_call *call)
{
    const char *model;
    const struct endpoint *e = endpoints_target(list, call, &model);
    int64_t in = endpoint_prompt_tokens(list, e, call);
    int64_t out = llm_reply_tokens(call->ask);
    bool for_two = call->may_hedge && e && e->config->hedge;
    int64_t usd_nano = e ? endpoint_cost_nano(list, e, model, in, out) : -1;
    return (struct port_estimate){.tokens = (in + out) * (for_two ? 2 : 1),
                                  .usd_nano =
                                      for_two && usd_nano > 0 ? 2 * usd_nano : usd_nano,
                                  .for_two = for_two};
}

unsigned endpoint_without(const struct endpoint *e, const char *model)
{
    for (size_t i = 0; i < e->learnt_count; i++)
        if (strcmp(e->learnt[i].model, model) == 0)
            return e->learnt[i].without;
    return 0;
}

void endpoint_learn(struct endpoint *e, const char *model, unsigned refused)
{
    for (size_t i = 0; i < e->learnt_count; i++) {
        if (strcmp(e->learnt[i].model, model) == 0) {
            e->learnt[i].without |= refused;
            return;
        }
    }
    if (e->learnt_count == ENDPOINT_LEARNT_MAX)
        memmove(&e->learnt[0], &e->learnt[1], --e->learnt_count * sizeof e->learnt[0]);
    struct endpoint_learnt *place = &e->learnt[e->learnt_count++];
    *place = (struct endpoint_learnt){.without = refused};
    (void)strncat(place->model, model, sizeof place->model - 1);
}
