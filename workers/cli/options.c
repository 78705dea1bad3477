/* options.c: see options.h. */
#include "workers/cli/options.h"
#include "workers/cli/suggest.h"
#include <string.h>

static const struct option_row rows[] = {
#define OPTION(field, flag, value, meaning, global) {flag, value, meaning, global},
#include "workers/cli/options.def"
#undef OPTION
};

const struct option_row *option_at(int i)
{
    return i >= 0 && i < OPTION_COUNT ? &rows[i] : NULL;
}

static int option_find(const char *name, size_t n)
{
    int i = 0;
    while (i < OPTION_COUNT &&
           (strncmp(rows[i].flag, name, n) != 0 || rows[i].flag[n] != '\0'))
        i++;
    return i;
}

static enum err refuse_unknown(const char *name, size_t n, struct err_detail *d)
{
    const char *names[OPTION_COUNT];
    char typed[64];
    size_t len = n < sizeof typed - 1 ? n : sizeof typed - 1;
    memcpy(typed, name, len);
    typed[len] = '\0';
    for (int i = 0; i < OPTION_COUNT; i++)
        names[i] = rows[i].flag;
    const char *near = suggest_name(typed, names, OPTION_COUNT);
    return err_set(d, ERR_BAD_VALUE, "", "unknown option --%s%s%s%s", typed,
                   near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* arg is what follows "--"; next the following argument or NULL. */
static enum err take_option(struct options *out, const char *arg, const char *next,
                            bool *used_next, struct err_detail *d)
{
    size_t n = strcspn(arg, "=");
    int i = option_find(arg, n);
    *used_next = false;
    if (i == OPTION_COUNT)
        return refuse_unknown(arg, n, d);
    if (!*rows[i].value) {
        if (arg[n])
            return err_set(d, ERR_BAD_VALUE, "", "--%s takes no value", rows[i].flag);
        out->value[i] = "";
        return ERR_OK;
    }
    if (out->value[i])
        return err_set(d, ERR_BAD_VALUE, "", "--%s is given twice", rows[i].flag);
    *used_next = !arg[n];
    out->value[i] = arg[n] ? arg + n + 1 : next;
    if (!out->value[i])
        return err_set(d, ERR_BAD_VALUE, "", "--%s needs a value: --%s %s",
                       rows[i].flag, rows[i].flag, rows[i].value);
    return ERR_OK;
}

enum err options_parse(int argc, char *const *argv, struct options *out,
                       struct err_detail *d)
{
    bool ended = false;
    memset(out, 0, sizeof *out);
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        bool used_next = false;
        enum err e = ERR_OK;
        if (!ended && strcmp(arg, "--") == 0)
            ended = true;
        else if (!ended && strncmp(arg, "--", 2) == 0)
            e = take_option(out, arg + 2, i + 1 < argc ? argv[i + 1] : NULL, &used_next,
                            d);
        else if (!ended && arg[0] == '-' && arg[1])
            e = strcmp(arg, "-h") == 0
                    ? take_option(out, "help", NULL, &used_next, d)
                    : err_set(d, ERR_BAD_VALUE, "", "unknown option %s", arg);
        else if (out->count == OPTIONS_WORDS_MAX)
            e = err_set(d, ERR_BAD_VALUE, "", "too many words, from '%s' on", arg);
        else
            out->word[out->count++] = arg;
        if (e)
            return e;
        i += used_next ? 1 : 0;
    }
    return ERR_OK;
}

static bool is_listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; *at;) {
        size_t len = strcspn(at, " ");
        if (len == n && strncmp(at, name, n) == 0)
            return true;
        at += len + strspn(at + len, " ");
    }
    return false;
}

const char *options_stray(const struct options *o, const char *allowed)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (o->value[i] && !rows[i].global && !is_listed(allowed, rows[i].flag))
            return rows[i].flag;
    return NULL;
}
