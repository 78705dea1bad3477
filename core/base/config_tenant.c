/* config_tenant.c: what a tenant may do. */
#include "core/base/config_tenant.h"
#include "core/base/config_endpoint.h"
#include "core/base/money.h"
#include "core/base/names.h"

#include <inttypes.h>
#include <string.h>

#define USD_MAX_NANO INT64_C(1000000000000000000) /* 10^9 usd */

static const char *const unserved[] = {"key_hash", "scopes"};

/* Bits of config_tenants.given, in this order. */
static const char *const keys[] = {"usd_per_day", "weight", "max_campaigns",
                                   "max_in_flight", "tpm"};
enum { USD_PER_DAY, WEIGHT, MAX_CAMPAIGNS, MAX_IN_FLIGHT, TPM };

static enum err find_or_add(struct config_tenants *list, const char *name, size_t *at,
                            struct err_detail *d)
{
    size_t i = 0;
    while (i < list->count && strcmp(list->items[i].name, name) != 0)
        i++;
    *at = i;
    if (i < list->count)
        return ERR_OK;
    if (!config_is_name(name, sizeof list->items->name))
        return err_set(d, ERR_CONFIG, "",
                       "a tenant's name has letters, digits and _.- only: '%s'", name);
    if (i == CONFIG_TENANTS_MAX)
        return err_set(d, ERR_CONFIG, "", "more than %d tenants", CONFIG_TENANTS_MAX);
    list->items[i] = (struct config_tenant){.usd_per_day_nano = -1, .weight = 1};
    memcpy(list->items[i].name, name, strlen(name) + 1);
    list->count++;
    return ERR_OK;
}

static enum err set_usd(struct config_tenant *t, const char *value,
                        struct err_detail *d)
{
    int64_t nano;
    if (money_parse(value, strlen(value), 9, &nano) || nano < 0 || nano > USD_MAX_NANO)
        return err_set(d, ERR_CONFIG, "",
                       "usd_per_day must be usd from 0 to 10^9, as in 12.50, not '%s'",
                       value);
    t->usd_per_day_nano = nano;
    return ERR_OK;
}

static enum err set_count(int64_t *out, const char *key, int64_t most,
                          const char *value, struct err_detail *d)
{
    int64_t number;
    if (!config_parse_int(value, &number) || number < 1 || number > most)
        return err_set(d, ERR_CONFIG, "",
                       "%s must be a whole number from 1 to %" PRId64 ", not '%s'", key,
                       most, value);
    *out = number;
    return ERR_OK;
}

static enum err set_key(struct config_tenant *t, int key, const char *value,
                        struct err_detail *d)
{
    switch (key) {
    case WEIGHT:
        return set_count(&t->weight, keys[key], CONFIG_WEIGHT_MAX, value, d);
    case MAX_CAMPAIGNS:
        return set_count(&t->max_campaigns, keys[key], CONFIG_CAMPAIGNS_MAX, value, d);
    case MAX_IN_FLIGHT:
        return set_count(&t->max_in_flight, keys[key], CONFIG_IN_FLIGHT_MAX, value, d);
    case TPM:
        return set_count(&t->tpm, keys[key], CONFIG_TPM_MAX, value, d);
    default:
        return set_usd(t, value, d);
    }
}

enum err config_tenant_set(struct config_tenants *list, const char *name,
                           const char *key, const char *value, struct err_detail *d)
{
    size_t at;
    if (names_index(unserved, key) >= 0)
        return err_set(d, ERR_NOT_SUPPORTED, "",
                       "[tenant %s] %s is not served by this version", name, key);
    int which = names_index(keys, key);
    if (which < 0)
        return err_set(d, ERR_CONFIG, "", "unknown key '%s' in [tenant %s]", key, name);
    enum err e = find_or_add(list, name, &at, d);
    if (e)
        return e;
    if (list->given[at] & 1u << which)
        return err_set(d, ERR_CONFIG, "", "%s is given twice for tenant %s", key, name);
    list->given[at] |= 1u << which;
    return set_key(&list->items[at], which, value, d);
}
