/* config_tenant.c: what a tenant may do. */
#include "core/base/config_tenant.h"
#include "core/base/config_endpoint.h"
#include "core/base/money.h"

#include <string.h>

#define USD_MAX_NANO INT64_C(1000000000000000000) /* 10^9 usd */

static const char *const unserved[] = {"key_hash",      "weight", "max_campaigns",
                                       "max_in_flight", "tpm",    "scopes"};

static enum err find_or_add(struct config_tenants *list, const char *name,
                            struct config_tenant **out, struct err_detail *d)
{
    size_t i = 0;
    while (i < list->count && strcmp(list->items[i].name, name) != 0)
        i++;
    *out = &list->items[i];
    if (i < list->count)
        return ERR_OK;
    if (!config_is_name(name, sizeof list->items->name))
        return err_set(d, ERR_CONFIG, "",
                       "a tenant's name has letters, digits and _.- only: '%s'", name);
    if (i == CONFIG_TENANTS_MAX)
        return err_set(d, ERR_CONFIG, "", "more than %d tenants", CONFIG_TENANTS_MAX);
    list->items[i] = (struct config_tenant){.usd_per_day_nano = -1};
    memcpy(list->items[i].name, name, strlen(name) + 1);
    list->count++;
    return ERR_OK;
}

static enum err set_usd(struct config_tenant *t, const char *value,
                        struct err_detail *d)
{
    int64_t nano;
    if (t->usd_per_day_nano >= 0)
        return err_set(d, ERR_CONFIG, "", "usd_per_day is given twice for tenant %s",
                       t->name);
    if (money_parse(value, strlen(value), 9, &nano) || nano < 0 || nano > USD_MAX_NANO)
        return err_set(d, ERR_CONFIG, "",
                       "usd_per_day must be usd from 0 to 10^9, as in 12.50, not '%s'",
                       value);
    t->usd_per_day_nano = nano;
    return ERR_OK;
}

enum err config_tenant_set(struct config_tenants *list, const char *name,
                           const char *key, const char *value, struct err_detail *d)
{
    struct config_tenant *tenant;
    for (size_t i = 0; i < sizeof unserved / sizeof *unserved; i++)
        if (strcmp(unserved[i], key) == 0)
            return err_set(d, ERR_NOT_SUPPORTED, "",
                           "[tenant %s] %s is not served by this version", name, key);
    if (strcmp(key, "usd_per_day") != 0)
        return err_set(d, ERR_CONFIG, "", "unknown key '%s' in [tenant %s]", key, name);
    enum err e = find_or_add(list, name, &tenant, d);
    return e ? e : set_usd(tenant, value, d);
}
