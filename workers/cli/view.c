/* view.c: see view.h. */
#include "workers/cli/view.h"
#include "campaigns/spec.h"
#include "core/base/names.h"
#include "queues/results.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields that are text even when they look like a number. */
static bool is_text(const char *field)
{
    static const char *const names[] = {"kind",   "tenant",  "state",    "stage",
                                        "error",  "text",    "parent",   "reason",
                                        "angle",  "id",      "reviewer", "placement",
                                        "leader", "waiting", "owner"};
    return names_index(names, field) >= 0;
}

static struct json *value_of(const char *field, const char *text)
{
    char *end = NULL;
    double n = is_text(field) || !*text ? NAN : strtod(text, &end);
    return end && !*end && isfinite(n) ? json_new_num(n) : json_new_str(text);
}

static struct json *object_of(const char *id, const struct reply *flat)
{
    struct json *o = json_new_object();
    enum err e = o ? json_set_str(o, "id", id) : ERR_NOMEM;
    for (size_t i = 0; !e && i + 1 < reply_count(flat); i += 2) {
        const char *field = reply_str(reply_at(flat, i), NULL);
        e = json_set(o, field, value_of(field, reply_str(reply_at(flat, i + 1), NULL)));
    }
    if (!e)
        return o;
    json_free(o);
    return NULL;
}

struct view_take {
    struct json *out;
    const char *id;
};

static enum err take_campaign(void *arg, const struct reply *r)
{
    struct view_take *v = arg;
    if (reply_count(r) == 0)
        return ERR_OK;
    v->out = object_of(v->id, r);
    return v->out ? ERR_OK : ERR_NOMEM;
}

/* The shares in force, which the worker wrote; null before there are any. */
static enum err add_alloc(struct json *o, const struct reply *text)
{
    size_t n = 0;
    const char *at = reply_str(text, &n);
    struct json *alloc = NULL;
    if (n > 0) {
        enum err e = json_parse(at, n, &json_limits_reply, &alloc, NULL);
        if (e)
            return e;
    }
    return alloc ? json_set(o, "alloc", alloc) : ERR_OK;
}

static enum err append_row(struct json *out, const struct reply *row)
{
    struct json *o = object_of(reply_str(reply_at(row, 0), NULL), reply_at(row, 1));
    enum err e = o && reply_count(row) > 2 ? add_alloc(o, reply_at(row, 2)) : ERR_OK;
    if (e)
        json_free(o);
    else
        e = o ? json_push(out, o) : ERR_NOMEM;
    return e;
}

static enum err append_rows(struct json *out, const struct reply *r)
{
    enum err e = out ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; !e && i < reply_count(r); i++)
        e = append_row(out, reply_at(r, i));
    return e;
}

static enum err take_list(void *arg, const struct reply *r)
{
    struct view_take *v = arg;
    v->out = json_new_array();
    enum err e = append_rows(v->out, r);
    if (e) {
        json_free(v->out);
        v->out = NULL;
    }
    return e;
}

bool view_id_is_valid(const char *id)
{
    char root[SPEC_ID_MAX + 1];
    size_t n = strcspn(id, "~");
    if (n >= sizeof root || strlen(id) > KEYS_ID_MAX)
        return false;
    memcpy(root, id, n);
    root[n] = '\0';
    if (!spec_id_is_valid(root))
        return false;
    for (id += n; *id == '~'; id += n) {
        n = 1 + strspn(id + 1, "0123456789");
        if (n == 1)
            return false;
    }
    return !*id;
}

int view_campaign(struct session *s, const char *id, bool quiet, struct json **out)
{
    struct view_take v = {.id = id};
    struct session_call call = {.session = s, .take = take_campaign, .arg = &v};
    int rc = CLI_OK;
    *out = NULL;
    if (view_id_is_valid(id))
        rc = session_end(
            &call, results_read_campaign(&s->queue, id, session_settle, &call, 0));
    *out = v.out;
    if (rc || v.out)
        return rc;
    if (!quiet)
        cli_error(s->cli, ERR_NOT_FOUND,
                  "there is no campaign '%s'; `barker status` lists them", id);
    return CLI_NOT_FOUND;
}

static int end_list(struct session_call *call, struct view_take *v, enum err started,
                    struct json **out)
{
    int rc = session_end(call, started);
    *out = v->out;
    return rc;
}

int view_variants(struct session *s, const char *id, struct json **out)
{
    struct view_take v = {.out = NULL};
    struct session_call call = {.session = s, .take = take_list, .arg = &v};
    return end_list(
        &call, &v, results_read_variants(&s->queue, id, session_settle, &call, 0), out);
}

static enum err add_unranked(struct json *placements, const struct json *variants)
{
    json_each (v, variants) {
        const char *name = view_str(v, "placement");
        if (!*name || view_find(placements, name))
            continue;
        struct json *o = json_new_object();
        enum err e = o ? json_set_str(o, "id", name) : ERR_NOMEM;
        if (e)
            json_free(o);
        e = e ? e : json_push(placements, o);
        if (e)
            return e;
    }
    return ERR_OK;
}

int view_placements(struct session *s, const char *id, const struct json *variants,
                    struct json **out)
{
    struct view_take v = {.out = NULL};
    struct session_call call = {.session = s, .take = take_list, .arg = &v};
    int rc =
        end_list(&call, &v,
                 results_read_placements(&s->queue, id, session_settle, &call, 0), out);
    if (!rc && add_unranked(*out, variants)) {
        cli_error(s->cli, ERR_NOMEM, "%s", err_meaning(ERR_NOMEM));
        rc = CLI_FAILED;
    }
    return rc;
}

struct view_page {
    struct json *all;
    int64_t next; /* -1 = the end */
};

static enum err take_page(void *arg, const struct reply *r)
{
    struct view_page *p = arg;
    const char *next = reply_str(reply_at(r, 0), NULL);
    p->next = *next ? strtoll(next, NULL, 10) : -1;
    return append_rows(p->all, reply_at(r, 1));
}

/* What comes on two pages, because another changed meanwhile, is shown once. */
static enum err take_list_page(void *arg, const struct reply *r)
{
    struct view_page *p = arg;
    const struct reply *rows = reply_at(r, 1);
    const char *next = reply_str(reply_at(r, 0), NULL);
    enum err e = p->all ? ERR_OK : ERR_NOMEM;
    p->next = *next ? strtoll(next, NULL, 10) : -1;
    for (size_t i = 0; !e && i < reply_count(rows); i++) {
        const struct reply *row = reply_at(rows, i);
        if (!view_find(p->all, reply_str(reply_at(row, 0), NULL)))
            e = append_row(p->all, row);
    }
    return e;
}

int view_list(struct session *s, int count, struct json **out)
{
    struct view_page p = {.all = json_new_array()};
    int rc = CLI_OK;
    while (!rc && p.next >= 0 && p.next < count) {
        struct session_call call = {.session = s, .take = take_list_page, .arg = &p};
        rc = session_end(&call, results_read_list(&s->queue, p.next, count - p.next,
                                                  session_settle, &call, 0));
    }
    *out = p.all;
    return rc;
}

int view_dead(struct session *s, const struct dead_filter *filter, struct json **out)
{
    struct view_page p = {.all = json_new_array()};
    int rc = CLI_OK;
    while (!rc && p.next >= 0) {
        struct session_call call = {.session = s, .take = take_page, .arg = &p};
        rc = session_end(&call, dead_read(&s->queue, p.next, DEAD_PAGE_MAX, filter,
                                          session_settle, &call, 0));
    }
    *out = p.all;
    return rc;
}

int view_dead_one(struct session *s, const char *id, struct json **out)
{
    struct view_take v = {.id = id};
    struct session_call call = {.session = s, .take = take_campaign, .arg = &v};
    int rc = CLI_OK;
    if (view_id_is_valid(id))
        rc = session_end(&call, dead_read_one(&s->queue, id, session_settle, &call, 0));
    *out = v.out;
    if (rc || v.out)
        return rc;
    cli_error(s->cli, ERR_NOT_FOUND,
              "'%s' is not among those that gave up; `barker dead list` names them",
              id);
    return CLI_NOT_FOUND;
}

const char *view_str(const struct json *object, const char *field)
{
    return json_str(json_get(object, field), "");
}

double view_num(const struct json *object, const char *field)
{
    return json_num(json_get(object, field), 0);
}

const struct json *view_find(const struct json *list, const char *id)
{
    json_each (item, list)
        if (strcmp(view_str(item, "id"), id) == 0)
            return item;
    return NULL;
}

void view_print_state(const struct json *campaign, char out[VIEW_WORD_MAX])
{
    const char *state = view_str(campaign, "state");
    const char *error = view_str(campaign, "error");
    if (strcmp(error, state) == 0)
        error = ""; /* said once is enough */
    if (!*error)
        error = view_str(campaign, "waiting");
    (void)snprintf(out, VIEW_WORD_MAX, "%s%s%s%s", state, *error ? " (" : "", error,
                   *error ? ")" : "");
}

void view_print_lift(const struct json *object, char out[VIEW_WORD_MAX])
{
    double lo = view_num(object, "lift_lo"), hi = view_num(object, "lift_hi");
    if (!(lo < hi))
        (void)snprintf(out, VIEW_WORD_MAX, "no evidence yet");
    else
        (void)snprintf(out, VIEW_WORD_MAX, "%+.1f %% [%+.1f, %+.1f]",
                       100 * view_num(object, "lift"), 100 * lo, 100 * hi);
}

void view_print_num(const struct json *object, const char *field, int digits,
                    char out[VIEW_WORD_MAX])
{
    (void)snprintf(out, VIEW_WORD_MAX, "%.*f", digits, view_num(object, field));
}

void view_print_usd(const struct json *campaign, char out[VIEW_WORD_MAX])
{
    if (view_num(campaign, "usd_known") > 0)
        view_print_num(campaign, "usd", 4, out);
    else
        (void)snprintf(out, VIEW_WORD_MAX, "unknown");
}
