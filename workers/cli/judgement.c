/* judgement.c: judges the text of a spec. */
#include "workers/cli/judgement.h"
#include "core/base/log.h"
#include "workers/channels.h"
#include "workers/cli/suggest.h"
#include "workers/intake.h"
#include <stdio.h>
#include <string.h>

#define ARENA_MAX_BYTES ((size_t)64 << 20)
#define FIELDS_MAX 64

/* A configuration that workers would refuse says nothing about the spec. */
static void open_llm(struct judgement *j, struct cli *c)
{
    struct err_detail d = {.path = ""};
    const struct llm_options o = {.config = c->config};
    log_init(LOG_WARN, "check"); /* that a key is missing matters to workers only */
    if (loop_new(&j->loop))
        return;
    if (llm_new(j->loop, &o, &j->llm, &d)) {
        cli_note(c, "price and endpoint are not judged here: %s%s%s", d.path,
                 *d.path ? ": " : "", d.message);
        j->llm = NULL;
    } else if (!llm_is_ready(j->llm)) {
        llm_free(j->llm);
        j->llm = NULL;
    }
}

/* "/chanel" → "no such field; did you mean channel?" */
static void add_suggestion(struct err_detail *d)
{
    const char *names[FIELDS_MAX];
    size_t n = 0, used = strlen(d->message);
    if (d->code != ERR_UNKNOWN_FIELD || *d->path != '/' || strchr(d->path + 1, '/'))
        return;
    while (n < FIELDS_MAX && spec_field_at(n)) {
        names[n] = spec_field_at(n);
        n++;
    }
    const char *near = suggest_name(d->path + 1, names, n);
    if (near)
        (void)snprintf(d->message + used, sizeof d->message - used,
                       "; did you mean %s?", near);
}

static void warn_of_price(const struct judgement *j, struct spec *s)
{
    if (!j->llm || s->budget_usd_nano < 0 || s->warning_count == SPEC_WARNINGS_MAX ||
        llm_price_known(j->llm, s->llm_endpoint, s->llm_model))
        return;
    s->warning[s->warning_count++] = (struct spec_warning){
        "/budget/usd", "the model has no known price: only calls or tokens bound it"};
}

/* The first one may be one that only this configuration finds. */
static void find_others(struct judgement *j, const struct buf *text)
{
    struct spec_errors *all = &j->errors;
    enum err e =
        spec_find_errors(buf_str(text), text->len, j->channels, &j->arena, all);
    for (int i = 0; i < all->count; i++)
        add_suggestion(&all->item[i]);
    if (!e || all->count == 0)
        all->item[all->count++] = j->detail;
}

enum err judgement_open(struct judgement *j, struct cli *c, const struct buf *text)
{
    memset(j, 0, sizeof *j);
    arena_init(&j->arena, ARENA_MAX_BYTES);
    open_llm(j, c);
    enum err e = zones_new(&j->zones);
    e = e ? e : channels_load(c->config, &j->channels, &j->detail);
    if (!e)
        e = intake_judge(buf_str(text), text->len, j->channels, j->llm, j->zones,
                         &j->arena, &j->spec, &j->detail);
    j->detail.code = e;
    add_suggestion(&j->detail);
    if (e && j->channels)
        find_others(j, text);
    if (!e)
        warn_of_price(j, &j->spec);
    return e;
}

void judgement_close(struct judgement *j)
{
    spec_fini(&j->spec);
    llm_free(j->llm);
    if (j->loop)
        loop_free(j->loop);
    channel_set_free(j->channels);
    zones_free(j->zones);
    arena_fini(&j->arena);
}
