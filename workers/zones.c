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

static enum err load(const char *name, struct zones_item *item, struct err_detail *d)
{
    if (strlen(name) >= sizeof item->name)
        return err_set(d, ERR_BAD_VALUE, "", "the name of the time zone is too long");
    memcpy(item->name, name, strlen(name) + 1);
    return zone_file_load(getenv("TZDIR"), name, &item->zone, d);
}

static const struct zone *add(struct zones *z, const char *name, struct err_detail *d)
{
    struct zones_item *item = z->count < ZONES_MAX ? calloc(1, sizeof *item) : NULL;
    if (!item) {
        err_set(d, ERR_NOMEM, "", "no memory for a time zone");
        return NULL;
    }
    if (load(name, item, d)) {
        log_event(LOG_WARN, "zone.not_read", "zone", name, "code", err_code(d->code),
                  "message", d->message, NULL);
        free(item);
        return NULL;
    }
    list_push(&z->items, &item->link);
    z->count++;
    return &item->zone;
}

const struct zone *zones_find(struct zones *z, const char *name, struct err_detail *d)
{
    struct err_detail unread;
    list_each (node, &z->items) {
        const struct zones_item *item = list_item(node, struct zones_item, link);
        if (strcmp(item->name, name) == 0)
            return &item->zone;
    }
    return add(z, name, d ? d : &unread);
}
