/* tenant_terms.h: weight and max_campaigns of all tenants of a configuration, as the
 * one text that each beat tells Redis (queues/jobs.h). */
#ifndef BARKER_WORKERS_TENANT_TERMS_H
#define BARKER_WORKERS_TENANT_TERMS_H

#include "core/base/config.h"

/* malloc'd; "" if no tenant has such terms. The caller owns it. ERR_NOMEM. */
enum err tenant_terms_text(const struct config *c, char **out) MUST_USE;

#endif
