/* tenant_terms.c: see tenant_terms.h. */
#include "workers/tenant_terms.h"
#include "core/base/buf.h"
#include "queues/jobs.h"
#include <inttypes.h>
#include <stdlib.h>

/* Name, blank, weight, blank, cap, end of line: with 64, 4 and 7 digits. */
#define LINE_BYTES (64 + 1 + 4 + 1 + 7 + 1)
_Static_assert(JOBS_TERMS_BYTES / LINE_BYTES >= CONFIG_TENANTS_MAX, "all of it fits");

enum err tenant_terms_text(const struct config *c, char **out)
{
    struct buf text;
    buf_init(&text, JOBS_TERMS_BYTES);
    for (size_t i = 0; i < config_tenant_count(c); i++) {
        const struct config_tenant *t = config_tenant_at(c, i);
        if (t->weight != 1 || t->max_campaigns > 0)
            buf_printf(&text, "%s %" PRId64 " %" PRId64 "\n", t->name, t->weight,
                       t->max_campaigns);
    }
    *out = text.len ? buf_take(&text, NULL) : calloc(1, 1);
    enum err e = buf_status(&text);
    buf_fini(&text);
    return e ? e : *out ? ERR_OK : ERR_NOMEM;
}
