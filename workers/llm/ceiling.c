/* ceiling.c: see ceiling.h. */
#include "workers/llm/ceiling.h"

bool ceiling_has_room(const struct ceiling *c)
{
    return c->most == 0 || c->under_way < c->most;
}

uint64_t ceiling_enter(struct ceiling *c)
{
    c->under_way++;
    return c->cuts;
}

static void step_up(struct ceiling *c, int under_way)
{
    if (c->most == 0 || under_way < c->most || ++c->good < c->most)
        return; /* what is not reached is not tried */
    c->most++;
    c->good = 0;
}

bool ceiling_leave(struct ceiling *c, uint64_t entered, enum err code)
{
    int under_way = c->under_way--;
    check(c->under_way >= 0);
    if (code == ERR_OK)
        step_up(c, under_way);
    if ((code != ERR_CONCURRENCY && code != ERR_OVERLOAD) || entered != c->cuts)
        return false;
    c->cuts++;
    c->good = 0;
    c->most = under_way > 1 ? under_way / 2 : 1;
    return true;
}
