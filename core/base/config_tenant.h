/* config_tenant.h: the [tenant NAME] sections. */
#ifndef BARKER_CORE_BASE_CONFIG_TENANT_H
#define BARKER_CORE_BASE_CONFIG_TENANT_H

#include "core/base/config.h"

struct config_tenants {
    struct config_tenant items[CONFIG_TENANTS_MAX];
    unsigned given[CONFIG_TENANTS_MAX]; /* bit of each key that was set */
    size_t count;
};

/* One pair of a section [tenant NAME]; d->message on error. ERR_NOT_SUPPORTED: a key of
 * the contract that this version does not serve. */
enum err config_tenant_set(struct config_tenants *list, const char *name,
                           const char *key, const char *value,
                           struct err_detail *d) MUST_USE;

#endif
