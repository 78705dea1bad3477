/* http_pool.c: idle calls with their easy handles; see http_call.h. The last one given
 * back is taken first, since its memory is warm. */
#include "core/io/http_call.h"

void http_pool_init(struct http_pool *p, size_t max)
{
    list_init(&p->idle);
    p->count = 0;
    p->max = max;
}

void http_pool_fini(struct http_pool *p)
{
    while (!list_empty(&p->idle)) {
        struct http_call *c = list_item(p->idle.next, struct http_call, node);
        list_remove(&c->node);
        http_call_free(c);
    }
    p->count = 0;
}

struct http_call *http_pool_take(struct http_pool *p)
{
    if (list_empty(&p->idle)) {
        return http_call_new();
    }
    struct http_call *c = list_item(p->idle.prev, struct http_call, node);
    list_remove(&c->node);
    p->count--;
    return c;
}

void http_pool_give(struct http_pool *p, struct http_call *c)
{
    if (p->count >= p->max) {
        http_call_free(c);
        return;
    }
    http_call_reset(c);
    list_push(&p->idle, &c->node);
    p->count++;
}
