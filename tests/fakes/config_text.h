/* config_text.h: a configuration from a text, through a file that is gone again. */
#ifndef BARKER_TESTS_CONFIG_TEXT_H
#define BARKER_TESTS_CONFIG_TEXT_H

#include "core/base/config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline enum err config_from(const char *text, struct config **out,
                                   struct err_detail *d)
{
    char path[] = "/tmp/barker-config-XXXXXX";
    int fd = mkstemp(path);
    check(fd >= 0);
    ssize_t written = write(fd, text, strlen(text));
    check(written == (ssize_t)strlen(text));
    (void)close(fd);
    enum err e = config_load(path, out, d);
    (void)unlink(path);
    return e;
}

/* The code; and whether it was refused at this line, in words that hold `word`. */
static inline enum err config_refusal(const char *text, int line, const char *word,
                                      bool *said)
{
    struct config *c = NULL;
    struct err_detail d = {.message = ""};
    char end[16];
    (void)snprintf(end, sizeof end, ":%d", line);
    enum err e = config_from(text, &c, &d);
    config_free(c);
    const char *colon = strrchr(d.path, ':');
    *said = colon && strcmp(colon, end) == 0 && strstr(d.message, word);
    if (!*said)
        fprintf(stderr, "%s: %s: %s\n", text, d.path, d.message);
    return e;
}

#endif
