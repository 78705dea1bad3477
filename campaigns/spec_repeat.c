/* spec_repeat.c: the times at which a campaign is begun anew. */
#include "campaigns/spec_reader.h"
#include <string.h>

#define TIMES_MAX 1000000
#define LATEST_MS 4102444800000 /* 2100 */

static enum err repeat_cron(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    struct spec_repeat *repeat = &r->spec->repeat;
    enum err e = spec_read_text(r, j, path, CRON_MAX_BYTES, &repeat->cron);
    if (e)
        return e;
    struct err_detail d = {.code = ERR_OK};
    e = cron_parse(repeat->cron, strlen(repeat->cron), &repeat->at, &d);
    return e ? err_set(r->d, e, path, "%s", d.message) : ERR_OK;
}

static enum err repeat_zone(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    enum err e = spec_read_text(r, j, path, ZONE_NAME_MAX_BYTES, &r->spec->repeat.zone);
    if (!e && !zone_name_is_valid(r->spec->repeat.zone))
        e = err_set(r->d, ERR_BAD_VALUE, path, "a name of IANA, as Europe/Berlin");
    return e;
}

static enum err repeat_times(struct spec_reader *r, const struct json *j,
                             const char *path)
{
    return spec_read_int(r, j, path, 1, TIMES_MAX, &r->spec->repeat.times);
}

static enum err repeat_until(struct spec_reader *r, const struct json *j,
                             const char *path)
{
    return spec_read_int(r, j, path, 1, LATEST_MS, &r->spec->repeat.until_ms);
}

enum err spec_read_repeat(struct spec_reader *r, const struct json *j, const char *path)
{
    static const struct spec_row rows[] = {{"cron", repeat_cron},
                                           {"zone", repeat_zone},
                                           {"times", repeat_times},
                                           {"until_ms", repeat_until},
                                           {NULL, NULL}};
    r->spec->repeat.zone = "UTC";
    enum err e = spec_read_object(r, j, path, rows);
    if (!e && !json_get(j, "cron"))
        e = err_set(r->d, ERR_MISSING, "/repeat/cron", "when does it repeat?");
    return e;
}

enum err spec_check_repeat(struct spec_reader *r)
{
    if (!r->spec->repeat.cron || strlen(r->spec->id) <= SPEC_ROOT_ID_MAX)
        return ERR_OK;
    return err_set(r->d, ERR_BAD_ID, "/id",
                   "at most %d characters, as each run is named after it",
                   SPEC_ROOT_ID_MAX);
}
