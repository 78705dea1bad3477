/* kind.c: the list of kinds, and the helpers stages use to say what is next. */
#include "campaigns/kind.h"
#include "campaigns/schedule.h"
#include <string.h>

#ifndef KINDS_DEF /* the simulator has a list of its own (tests/sim) */
#define KINDS_DEF "campaigns/kinds.def"
#endif

#define KIND(name) extern const struct kind kind_##name;
#include KINDS_DEF
#undef KIND

static const struct kind *const kinds[] = {
#define KIND(name) &kind_##name,
#include KINDS_DEF
#undef KIND
};

const struct kind *kind_at(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? kinds[i] : NULL;
}

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; kind_at(i); i++) {
        if (strcmp(kind_at(i)->name, name) == 0)
            return kind_at(i);
    }
    return NULL;
}

const struct kind *kind_of(const struct spec *s)
{
    return s->repeat.cron ? &kind_schedule : kind_find(s->kind);
}

const struct stage *kind_stage(const struct kind *k, const char *name)
{
    for (const struct stage *s = k->stages; s->name; s++) {
        if (strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

void next_goto(struct next *n, const char *stage, int iteration)
{
    *n = (struct next){.type = NEXT_GOTO, .stage = stage, .iteration = iteration};
}

void next_wait(struct next *n, const char *stage, int iteration, int wake,
               int64_t until_ms)
{
    *n = (struct next){.type = NEXT_WAIT,
                       .stage = stage,
                       .iteration = iteration,
                       .wake = wake,
                       .until_ms = until_ms};
}

void next_done(struct next *n)
{
    *n = (struct next){.type = NEXT_DONE};
}

void next_fail(struct next *n, enum err code)
{
    *n = (struct next){.type = NEXT_FAIL, .code = code};
}
