/* variant.c: names of variant states. */
#include "campaigns/variant.h"
#include "core/base/names.h"

static const char *const names[] = {
    [VARIANT_PENDING] = "pending",   [VARIANT_LIVE] = "live",
    [VARIANT_CONTROL] = "control",   [VARIANT_RETIRED] = "retired",
    [VARIANT_REJECTED] = "rejected",
};

const char *variant_state_name(enum variant_state s)
{
    return names[s];
}

bool variant_state_from(const char *name, enum variant_state *out)
{
    int i = names_index(names, name);
    if (i >= 0)
        *out = (enum variant_state)i;
    return i >= 0;
}

bool variant_serves(const struct variant *v)
{
    return v->state == VARIANT_LIVE || v->state == VARIANT_CONTROL;
}
