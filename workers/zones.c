/* zones.c: a list of those that were asked for; there are some 600 in the world. */
#include "workers/zones.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/io/zone_file.h"
#include <stdlib.h>
#include <string.h>

#define ZONES_MAX 1000

struct zones {
    struct list items;
    int count;
};
struct zones_item {
    struct list link;
    char name[ZONE_NAME_MAX_BYTES + 1];
    struct zone zone;
};

enum err zones_new(struct zones **out)
{
    struct zones *z = calloc(1, sizeof *z);
    if (!z)
        return ERR_NOMEM;
    list_init(&z->items);
    *out = z;
    return ERR_OK;
}

void zones_free(struct zones *z)
{
    if (!z)
        return;
    list_each_safe (node, after, &z->items) {
        free(list_item(node, struct zones_item, link));
    }
    free(z);
}

static const struct zone *load(struct zones *z, const char *name)
{
    struct err_detail d = {.code = ERR_OK};
    struct zones_item *item = z->count < ZONES_MAX ? calloc(1, sizeof *item) : NULL;
    if (!item || strlen(name) >= sizeof item->name) {
        free(item);
        return NULL;
    }
    if (zone_file_load(getenv("TZDIR"), name, &item->zone, &d)) {
        log_event(LOG_WARN, "zone.unknown", "zone", name, "message", d.message, NULL);
        free(item);
        return NULL;
    }
    memcpy(item->name, name, strlen(name) + 1);
    list_push(&z->items, &item->link);
    z->count++;
    return &item->zone;
}

const struct zone *zones_find(struct zones *z, const char *name)
{
    list_each (node, &z->items) {
        const struct zones_item *item = list_item(node, struct zones_item, link);
        if (strcmp(item->name, name) == 0)
            return &item->zone;
    }
    return load(z, name);
}
