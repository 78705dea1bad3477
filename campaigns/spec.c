/* spec.c: the top level of a campaign specification (CONTRACT §5). */
#include "campaigns/spec.h"
#include "campaigns/kind.h"
#include "campaigns/spec_reader.h"
#include "core/base/names.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TOKENS_MAX 1000000000000LL
#define SPAN_MAX_MS (366 * 86400000LL)
#define CALLS_MAX 1000000000LL

bool spec_id_is_valid(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789._-");
    return n >= 1 && n <= SPEC_ID_MAX && id[n] == '\0';
}

static enum err not_served(struct spec_reader *r, const struct json *j,
                           const char *path)
{
    (void)j;
    return err_set(r->d, ERR_NOT_SUPPORTED, path, "not served by this version");
}
static enum err any_object(struct spec_reader *r, const struct json *j,
                           const char *path)
{
    if (json_type(j) != JSON_OBJECT)
        return err_set(r->d, ERR_BAD_TYPE, path, "must be an object, not %s",
                       json_type_name(json_type(j)));
    return ERR_OK;
}
static enum err later(struct spec_reader *r, const struct json *j, const char *path)
{
    (void)r;
    (void)j;
    (void)path;
    return ERR_OK; /* read once placements are known */
}
static enum err read_v(struct spec_reader *r, const struct json *j, const char *path)
{
    if (json_type(j) != JSON_NUMBER)
        return err_set(r->d, ERR_BAD_TYPE, path, "must be the number 1");
    if (json_int(j, 0) != 1)
        return err_set(r->d, ERR_UNKNOWN_VERSION, path, "this release knows v 1 only");
    return ERR_OK;
}
static enum err read_id(struct spec_reader *r, const struct json *j, const char *path)
{
    return spec_read_id(r, j, path, r->spec->id, sizeof r->spec->id);
}
static enum err read_tenant(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    return spec_read_id(r, j, path, r->spec->tenant, sizeof r->spec->tenant);
}
static enum err read_kind(struct spec_reader *r, const struct json *j, const char *path)
{
    const char *name;
    enum err e = spec_read_text(r, j, path, 31, &name);
    if (e)
        return e;
    if (!kind_find(name))
        return err_set(r->d, ERR_UNKNOWN_KIND, path, "this release has no kind %s",
                       name);
    snprintf(r->spec->kind, sizeof r->spec->kind, "%s", name);
    return ERR_OK;
}
static const char *const priorities[] = {[SPEC_PRIORITY_HIGH] = "high",
                                         [SPEC_PRIORITY_NORMAL] = "normal",
                                         [SPEC_PRIORITY_LOW] = "low"};
const char *spec_priority_name(enum spec_priority p)
{
    return priorities[p];
}
static enum err read_priority(struct spec_reader *r, const struct json *j,
                              const char *path)
{
    const char *name;
    enum err e = spec_read_text(r, j, path, 31, &name);
    int p = e ? -1 : names_index(priorities, name);
    if (e)
        return e;
    if (p < 0)
        return err_set(r->d, ERR_BAD_VALUE, path, "high, normal or low");
    r->spec->priority = (enum spec_priority)p;
    return ERR_OK;
}
static enum err read_rule(struct spec_reader *r, const struct json *j, const char *path)
{
    (void)j;
    char *at = arena_strdup(r->arena, path);
    if (!at)
        return ERR_NOMEM;
    r->spec->must_review = true;
    spec_warn(r->spec, at,
              "this rule is not enforced by this version; a person must "
              "approve every variant");
    return ERR_OK;
}
static enum err read_rules(struct spec_reader *r, const struct json *j,
                           const char *path)
{
    static const struct spec_row rows[] = {{"claims", read_rule},
                                           {"competitors", read_rule},
                                           {"allow_comparative", read_rule},
                                           {"ai_label", read_rule},
                                           {"handoff_below", read_rule},
                                           {"never_promise", read_rule},
                                           {NULL, NULL}};
    return spec_read_object(r, j, path, rows);
}
static enum err budget_usd(struct spec_reader *r, const struct json *j,
                           const char *path)
{
    double usd = 0;
    enum err e = spec_read_num(r, j, path, 0, 1e6, &usd);
    if (!e)
        r->spec->budget_usd_nano = llround(usd * 1e9);
    return e;
}
static enum err budget_tokens(struct spec_reader *r, const struct json *j,
                              const char *path)
{
    return spec_read_int(r, j, path, 0, TOKENS_MAX, &r->spec->budget_tokens);
}
static enum err budget_calls(struct spec_reader *r, const struct json *j,
                             const char *path)
{
    return spec_read_int(r, j, path, 0, CALLS_MAX, &r->spec->budget_calls);
}
static enum err read_budget(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    static const struct spec_row rows[] = {{"usd", budget_usd},
                                           {"tokens", budget_tokens},
                                           {"calls", budget_calls},
                                           {NULL, NULL}};
    return spec_read_object(r, j, path, rows);
}
static enum err llm_endpoint(struct spec_reader *r, const struct json *j,
                             const char *path)
{
    return spec_read_text(r, j, path, 63, &r->spec->llm_endpoint);
}
static enum err llm_model(struct spec_reader *r, const struct json *j, const char *path)
{
    return spec_read_text(r, j, path, 127, &r->spec->llm_model);
}
/* In the spec and not in a configuration: stored replies are read by it. */
static enum err llm_pii(struct spec_reader *r, const struct json *j, const char *path)
{
    const char *name = json_str(j, "");
    r->spec->send_pii = strcmp(name, "send") == 0;
    if (r->spec->send_pii || strcmp(name, "mask") == 0)
        return ERR_OK;
    return err_set(r->d, ERR_BAD_VALUE, path, "mask or send");
}
static enum err llm_batch(struct spec_reader *r, const struct json *j, const char *path)
{
    return spec_read_bool(r, j, path, &r->spec->llm_batch);
}
static enum err read_llm(struct spec_reader *r, const struct json *j, const char *path)
{
    static const struct spec_row rows[] = {{"endpoint", llm_endpoint},
                                           {"model", llm_model},
                                           {"pii", llm_pii},
                                           {"batch", llm_batch},
                                           {NULL, NULL}};
    return spec_read_object(r, j, path, rows);
}
static const char *const metric_names[] = {"click", "conversion", "revenue"};

const char *spec_metric_name(enum spec_metric m)
{
    return metric_names[m];
}
static enum err read_metric(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    const char *name = json_str(j, "");
    if (strcmp(name, "csat") == 0 || strcmp(name, "resolved") == 0)
        return not_served(r, j, path);
    if (strcmp(name, "revenue_per_recipient") == 0)
        name = "revenue";
    for (int m = 0; m <= SPEC_METRIC_REVENUE; m++) {
        if (strcmp(name, metric_names[m]) != 0)
            continue;
        r->spec->metric = (enum spec_metric)m;
        if (m == SPEC_METRIC_REVENUE)
            spec_warn(r->spec, "/metric",
                      "revenue is counted; this version ranks by conversions");
        return ERR_OK;
    }
    return err_set(r->d, ERR_BAD_VALUE, path,
                   "click, conversion, revenue, csat or resolved");
}
static enum err read_holdout(struct spec_reader *r, const struct json *j,
                             const char *path)
{
    return spec_read_num(r, j, path, 0, 0.5, &r->spec->holdout);
}
static enum err read_approval(struct spec_reader *r, const struct json *j,
                              const char *path)
{
    const char *name;
    enum err e = spec_read_text(r, j, path, 31, &name);
    if (e)
        return e;
    if (strcmp(name, "none") != 0 && strcmp(name, "required") != 0)
        return err_set(r->d, ERR_BAD_VALUE, path, "none or required");
    r->approval_given = true;
    r->spec->approval = name[0] == 'r';
    return ERR_OK;
}
static enum err read_distance(struct spec_reader *r, const struct json *j,
                              const char *path)
{
    return spec_read_num(r, j, path, 0, 1, &r->spec->min_distance);
}
static enum err read_not_before(struct spec_reader *r, const struct json *j,
                                const char *path)
{
    return spec_read_int(r, j, path, 0, 4102444800000, &r->spec->not_before_ms);
}
static enum err read_start_within(struct spec_reader *r, const struct json *j,
                                  const char *path)
{
    return spec_read_int(r, j, path, 1, SPAN_MAX_MS, &r->spec->start_within_ms);
}
static enum err read_deadline(struct spec_reader *r, const struct json *j,
                              const char *path)
{
    return spec_read_int(r, j, path, 1, SPAN_MAX_MS, &r->spec->deadline_ms);
}
static enum err read_seed(struct spec_reader *r, const struct json *j, const char *path)
{
    int64_t n = 0;
    enum err e = spec_read_int(r, j, path, 0, 9007199254740991, &n);
    r->spec->seed = (uint64_t)n;
    return e;
}
static enum err read_dry_run(struct spec_reader *r, const struct json *j,
                             const char *path)
{
    if (json_type(j) != JSON_BOOL)
        return err_set(r->d, ERR_BAD_TYPE, path, "must be true or false");
    return json_bool(j, false) ? not_served(r, j, path) : ERR_OK;
}

static const struct spec_row rows[] = {
    {"v", read_v},
    {"id", read_id},
    {"kind", read_kind},
    {"tenant", read_tenant},
    {"priority", read_priority},
    {"locale", spec_read_locale},
    {"channel", spec_read_channel},
    {"segments", spec_read_segments},
    {"facts", any_object},
    {"brand", spec_read_brand},
    {"rules", read_rules},
    {"budget", read_budget},
    {"llm", read_llm},
    {"metric", read_metric},
    {"holdout", read_holdout},
    {"control", later},
    {"ranking", spec_read_ranking},
    {"approval", read_approval},
    {"min_distance", read_distance},
    {"spawn", not_served},
    {"not_before_ms", read_not_before},
    {"start_within_ms", read_start_within},
    {"deadline_ms", read_deadline},
    {"repeat", spec_read_repeat},
    {"seed", read_seed},
    {"dry_run", read_dry_run},
    {"input", any_object},
    {NULL, NULL},
};

const char *spec_field_at(size_t i)
{
    return i < sizeof rows / sizeof *rows ? rows[i].name : NULL;
}

static void set_defaults(struct spec *s)
{
    memset(s, 0, sizeof *s);
    strcpy(s->tenant, "default");
    s->budget_calls = s->budget_tokens = s->budget_usd_nano = -1;
    s->voice = s->llm_endpoint = s->llm_model = "";
    s->policy = "sharpened";
    s->min_distance = 0.25;
    s->max_rounds = 5;
    s->priority = SPEC_PRIORITY_NORMAL;
}

/* Approval is required unless the input holds only a prompt; a rule that is accepted
 * but not enforced forces it. */
static void settle_approval(struct spec_reader *r)
{
    struct spec *s = r->spec;
    if (!r->approval_given)
        s->approval = !(json_count(s->input) == 1 && json_get(s->input, "prompt"));
    if (s->must_review)
        s->approval = true;
}

static enum err require(struct spec_reader *r, const char *name, const char *path)
{
    if (json_get(r->spec->root, name))
        return ERR_OK;
    return spec_note(r, err_set(r->d, ERR_MISSING, path, "a spec needs a%s %s",
                                strchr("aeiou", *name) ? "n" : "", name));
}

static enum err read_spec(struct spec_reader *r)
{
    struct spec *s = r->spec;
    enum err e = spec_read_object(r, s->root, "", rows);
    s->input = json_get(s->root, "input");
    s->facts = json_get(s->root, "facts");
    e = e ? e : require(r, "kind", "/kind");
    e = e ? e : require(r, "input", "/input");
    if (e || (r->all && r->all->count))
        return e ? e : r->all->item[0].code;
    e = spec_check_repeat(r);
    e = e ? e : spec_make_placements(r);
    if (!e && json_get(s->root, "control"))
        e = spec_read_controls(r, json_get(s->root, "control"));
    const struct kind *kind = kind_find(s->kind);
    if (!e && kind->check_input)
        e = kind->check_input(s, r->arena, r->d);
    if (!e)
        settle_approval(r);
    return e;
}

enum err spec_parse(const char *text, size_t n, const struct channel_set *channels,
                    struct arena *arena, struct spec *out, struct err_detail *d)
{
    struct spec_reader r = {.spec = out, .arena = arena, .channels = channels, .d = d};
    set_defaults(out);
    enum err e = json_parse(text, n, &json_limits_spec, &out->root, d);
    if (!e)
        e = read_spec(&r);
    if (e)
        spec_fini(out);
    return e;
}

enum err spec_find_errors(const char *text, size_t n,
                          const struct channel_set *channels, struct arena *arena,
                          struct spec_errors *out)
{
    struct err_detail d = {.path = ""};
    struct spec *s = arena_alloc(arena, sizeof *s);
    struct spec_reader r = {
        .spec = s, .arena = arena, .channels = channels, .d = &d, .all = out};
    out->count = 0;
    if (!s)
        return ERR_NOMEM;
    set_defaults(s);
    enum err e = json_parse(text, n, &json_limits_spec, &s->root, &d);
    if (!e)
        e = read_spec(&r);
    if (e && e != ERR_NOMEM && out->count == 0)
        out->item[out->count++] = d;
    spec_fini(s);
    return e;
}

void spec_fini(struct spec *s)
{
    json_free(s->root);
    s->root = NULL;
}

enum err spec_check_price(const struct spec *s, bool price_known, struct err_detail *d)
{
    if (s->budget_usd_nano < 0 || price_known || s->budget_calls >= 0 ||
        s->budget_tokens >= 0)
        return ERR_OK;
    return err_set(d, ERR_PRICE_UNKNOWN, "/budget/usd",
                   "the model has no known price: bound calls or tokens too, or give "
                   "price_in and price_out of the endpoint");
}
