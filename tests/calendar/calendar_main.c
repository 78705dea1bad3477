/* calendar_main.c: barker-calendar: one JSON array per line of stdin, its answer per
 * line of stdout. Lets tests hold time zones and cron against other implementations:
 *   ["offset", ZONE, UTC_S]         seconds east of Greenwich
 *   ["wall", ZONE, WALL_S]          once|skipped|twice FIRST_S LAST_S
 *   ["next", ZONE, CRON, AFTER_MS]  the first instant after it, or what is refused
 * ZONE is a name of IANA's. Exit 1 at the first line that is none of these. */
#include "core/base/cron.h"
#include "core/base/json.h"
#include "core/io/zone_file.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_wall(const struct zone *z, int64_t wall_s)
{
    static const char *const kinds[] = {"once", "skipped", "twice"};
    struct zone_instants at = zone_from_wall(z, wall_s);
    printf("%s %" PRId64 " %" PRId64 "\n", kinds[at.kind], at.first_s, at.last_s);
}

static void answer_next(const struct zone *z, const char *text, int64_t after_ms)
{
    struct cron c;
    struct err_detail d;
    if (cron_parse(text, strlen(text), &c, &d))
        printf("refused %s\n", d.message);
    else
        printf("%" PRId64 "\n", cron_next(&c, z, after_ms));
}

static bool answer(const struct json *line)
{
    static struct zone z;
    struct err_detail d = {.code = ERR_OK};
    const char *what = json_str(json_at(line, 0), "");
    const char *name = json_str(json_at(line, 1), "");
    if (zone_file_load(getenv("TZDIR"), name, &z, &d)) {
        fprintf(stderr, "barker-calendar: %s\n", d.message);
        return false;
    }
    if (strcmp(what, "offset") == 0)
        printf("%" PRId32 "\n", zone_offset_at(&z, json_int(json_at(line, 2), 0)));
    else if (strcmp(what, "wall") == 0)
        answer_wall(&z, json_int(json_at(line, 2), 0));
    else if (strcmp(what, "next") == 0)
        answer_next(&z, json_str(json_at(line, 2), ""), json_int(json_at(line, 3), 0));
    else
        return false;
    return true;
}

int main(void)
{
    char *text = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    while (good && (n = getline(&text, &cap, stdin)) > 0) {
        struct json *line = NULL;
        struct err_detail d;
        good =
            !json_parse(text, (size_t)n, &json_limits_spec, &line, &d) && answer(line);
        json_free(line);
    }
    free(text);
    return good ? 0 : 1;
}
