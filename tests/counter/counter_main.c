/* counter_main.c: barker-counter: one JSON array [counter, text] per line of stdin, its
 * count per line of stdout. Lets tests hold the counters against other
 * implementations; exit 1 at the first line that is not such an array. */
#include "campaigns/checks/channel.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool count_line(const char *line, size_t n)
{
    struct json *pair = NULL;
    struct err_detail d;
    if (json_parse(line, n, &json_limits_spec, &pair, &d)) {
        fprintf(stderr, "barker-counter: %s\n", d.message);
        return false;
    }
    const struct counter *c = counter_find(json_str(json_at(pair, 0), ""));
    const char *text = json_str(json_at(pair, 1), NULL);
    if (c && text)
        printf("%" PRId64 "\n", c->count(text, strlen(text)));
    else
        fprintf(stderr, "barker-counter: no such counter, or no text\n");
    json_free(pair);
    return c && text;
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool good = true;
    while (good && (n = getline(&line, &cap, stdin)) > 0)
        good = count_line(line, (size_t)n);
    free(line);
    return good ? 0 : 1;
}
