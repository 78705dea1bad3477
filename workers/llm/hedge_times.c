/* hedge_times.c: see hedge_times.h. */
#include "workers/llm/hedge_times.h"
#include <stdlib.h>
#include <string.h>

#define WHOLE 100      /* one request, in hundredths */
#define CREDIT_MAX 400 /* after a long quiet time not more than so many at once */

struct hedge_times *hedge_table_find(struct hedge_table *t, const struct endpoint *e,
                                     const char *model)
{
    for (int i = 0; i < t->count; i++)
        if (t->items[i].endpoint == e && strcmp(t->items[i].model, model) == 0)
            return &t->items[i];
    struct hedge_times *place = &t->items[t->next];
    t->next = (t->next + 1) % HEDGE_MODELS_MAX;
    t->count += t->count < HEDGE_MODELS_MAX;
    *place = (struct hedge_times){.endpoint = e};
    (void)strncat(place->model, model, sizeof place->model - 1);
    return place;
}

void hedge_times_add(struct hedge_times *t, int64_t us)
{
    int64_t ms = us / 1000 + 1;
    t->ms[t->next] = ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
    t->next = (t->next + 1) % HEDGE_SAMPLES_MAX;
    t->count += t->count < HEDGE_SAMPLES_MAX;
}

static int by_ms(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t hedge_times_p95_ms(const struct hedge_times *t)
{
    int32_t sorted[HEDGE_SAMPLES_MAX];
    if (t->count < HEDGE_SAMPLES_MIN)
        return -1;
    memcpy(sorted, t->ms, sizeof sorted);
    qsort(sorted, (size_t)t->count, sizeof *sorted, by_ms);
    return sorted[(t->count * 95 + 99) / 100 - 1];
}

void hedge_times_count(struct hedge_times *t)
{
    t->credit += HEDGE_PERCENT;
    if (t->credit > CREDIT_MAX)
        t->credit = CREDIT_MAX;
}

bool hedge_times_may(const struct hedge_times *t)
{
    return t->credit >= WHOLE;
}

bool hedge_times_spend(struct hedge_times *t)
{
    if (!hedge_times_may(t))
        return false;
    t->credit -= WHOLE;
    return true;
}
