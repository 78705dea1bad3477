/* json_members.c: json_scan_members(), one walk for all that is looked for. */
#include "core/base/json_lex.h"
#include "core/base/json_scan.h"
#include "core/base/json_skip.h"
#include <string.h>

/* An object or array on the way, and who is looked for in it. */
struct level {
    struct json_member *members, *of; /* of: whose value it is; NULL: the outermost */
    size_t count, index;
    bool object;
};
struct walk {
    struct json_cursor c;
    struct level levels[JSON_MEMBERS_DEPTH_MAX + 1];
    size_t depth;
};

static bool is_name(const char *name, const char *key, size_t n)
{
    return name[0] == key[0] && strncmp(name, key, n) == 0 && name[n] == '\0';
}

/* Reads a key that has escapes, once for each who might be looking for it. */
static enum err find_escaped(struct json_cursor *c, const struct level *l,
                             struct json_member **out)
{
    struct json_cursor start = *c;
    struct json_member *m = l->members, *end = m + l->count;
    enum err e = ERR_OK;
    for (; m < end && !e && !*out; m++) {
        bool same;
        *c = start;
        e = json_match_key(c, m->name, strlen(m->name), &same);
        *out = !e && same ? m : NULL;
    }
    return e || l->count > 0 ? e : json_skip_key(c);
}

/* Reads the key and finds who looks for it; NULL: nobody does. */
static enum err find_member(struct json_cursor *c, const struct level *l,
                            struct json_member **out)
{
    *out = NULL;
    if (!json_next_is(c, '"'))
        return ERR_BAD_JSON;
    const char *key = c->at + 1;
    size_t n = json_lex_plain(key, (size_t)(c->end - key));
    if (n == 0 || key + n == c->end || key[n] != '"')
        return find_escaped(c, l, out);
    for (size_t i = 0; i < l->count && !*out; i++)
        *out = is_name(l->members[i].name, key, n) ? &l->members[i] : NULL;
    c->at = key + n + 1;
    return json_skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
}

static struct json_member *find_item(const struct level *l)
{
    size_t index;
    for (size_t i = 0; i < l->count; i++)
        if (json_parse_index(l->members[i].name, strlen(l->members[i].name), &index) &&
            index == l->index)
            return &l->members[i];
    return NULL;
}

static void enter_level(struct walk *w, struct json_member *of,
                        struct json_member *members, size_t count)
{
    check(w->depth <= JSON_MEMBERS_DEPTH_MAX);
    w->levels[w->depth++] = (struct level){
        .members = members, .of = of, .count = count, .object = *w->c.at == '{'};
    w->c.at++;
}

/* What has ended, or will not: as far as it goes. */
static void note_end(struct json_member *m, const char *end, bool whole)
{
    if (!m)
        return;
    m->value.len = (size_t)(end - m->value.at);
    m->whole = whole;
}

/* After a value, or a bracket that opened: closes what ends here, up to the next value.
 * Depth 0: all has ended. */
static enum err walk_ends(struct walk *w, bool opened)
{
    while (w->depth > 0) {
        struct level *l = &w->levels[w->depth - 1];
        if (json_skip_char(&w->c, l->object ? '}' : ']')) {
            note_end(l->of, w->c.at, true);
            w->depth--;
            opened = false;
            continue;
        }
        if (!opened && !json_skip_char(&w->c, ','))
            return ERR_BAD_JSON;
        l->index += !opened;
        return ERR_OK;
    }
    return ERR_OK;
}

/* One value: skipped, noted or entered. */
static enum err walk_value(struct walk *w)
{
    struct level *l = &w->levels[w->depth - 1];
    struct json_member *wanted = NULL;
    enum err e = ERR_OK;
    if (l->object)
        e = find_member(&w->c, l, &wanted);
    else
        wanted = find_item(l);
    if (e)
        return e;
    json_skip_space(&w->c);
    if (wanted && wanted->value.at)
        wanted = NULL; /* the first one counts */
    if (wanted)
        wanted->value = (struct json_span){.at = w->c.at};
    if (wanted && wanted->inside &&
        (json_next_is(&w->c, '{') || json_next_is(&w->c, '['))) {
        enter_level(w, wanted, wanted->inside, wanted->inside_count);
        return walk_ends(w, true);
    }
    e = json_skip_value(&w->c);
    note_end(wanted, e ? w->c.end : w->c.at, !e);
    return e ? e : walk_ends(w, false);
}

/* Nobody is found yet, on any level. */
static void forget(struct json_member *members, size_t count)
{
    struct level open[JSON_MEMBERS_DEPTH_MAX + 1];
    size_t depth = 0;
    open[depth++] = (struct level){.members = members, .count = count};
    while (depth > 0) {
        struct level *l = &open[depth - 1];
        if (l->index == l->count) {
            depth--;
            continue;
        }
        struct json_member *m = &l->members[l->index++];
        m->value = (struct json_span){0};
        m->whole = false;
        check(!m->inside || depth <= JSON_MEMBERS_DEPTH_MAX);
        if (m->inside)
            open[depth++] =
                (struct level){.members = m->inside, .count = m->inside_count};
    }
}

enum err json_scan_members(const struct json_span *in, struct json_member *members,
                           size_t count)
{
    struct walk w = {.c = {.at = in->at, .end = in->at + in->len}};
    forget(members, count);
    if (!json_next_is(&w.c, '{'))
        return w.c.at < w.c.end && *w.c.at == '[' ? ERR_NOT_FOUND : ERR_BAD_JSON;
    enter_level(&w, NULL, members, count);
    enum err e = walk_ends(&w, true);
    while (!e && w.depth > 0)
        e = walk_value(&w);
    for (; w.depth > 0; w.depth--)
        note_end(w.levels[w.depth - 1].of, w.c.end, false);
    return e;
}
