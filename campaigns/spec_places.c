/* spec_places.c: channels x segments x locales = placements, and their controls. */
#include "campaigns/checks/channel_text.h"
#include "campaigns/spec_reader.h"
#include <stdio.h>
#include <string.h>

/* The names of the same family are part of the message: "sms.us" → sms, sms.en-US … */
static enum err refuse_channel(struct spec_reader *r, const char *path,
                               const char *name)
{
    char names[160] = "";
    size_t family = strcspn(name, "."), used = 0, i = 0;
    for (const struct channel *c = channel_at(r->channels, 0); c;
         c = channel_at(r->channels, ++i)) {
        if (c->off || strncmp(c->name, name, family) != 0 || used >= sizeof names)
            continue;
        used += (size_t)snprintf(names + used, sizeof names - used, " %s", c->name);
    }
    return err_set(r->d, ERR_BAD_VALUE, path,
                   "there is no channel %.64s%s%s; `barker channels` lists them", name,
                   used ? "; near it:" : "", names);
}

enum err spec_read_channel(struct spec_reader *r, const struct json *j,
                           const char *path)
{
    const char *names[SPEC_LIST_MAX];
    struct spec *s = r->spec;
    enum err e = spec_read_texts(r, j, path, names, SPEC_LIST_MAX, &s->channel_count);
    if (e)
        return e;
    for (int i = 0; i < s->channel_count; i++) {
        char at[160];
        spec_pointer_at(at, sizeof at, path, i);
        s->channel[i] = channel_find(r->channels, names[i]);
        if (!s->channel[i])
            return refuse_channel(r, at, names[i]);
        if (s->channel[i]->off)
            return err_set(r->d, ERR_NOT_SUPPORTED, at, "channel %s is off: %s",
                           names[i], s->channel[i]->off);
        for (int k = 0; k < i; k++) {
            if (s->channel[k] == s->channel[i])
                return err_set(r->d, ERR_BAD_VALUE, at, "the channel is named twice");
        }
    }
    return s->channel_count ? ERR_OK
                            : err_set(r->d, ERR_OUT_OF_RANGE, path, "name a channel");
}

static enum err segment_id(struct spec_reader *r, const struct json *v,
                           const char *path)
{
    char id[SPEC_ID_MAX + 1];
    enum err e = spec_read_id(r, v, path, id, sizeof id);
    r->spec->segment[r->spec->segment_count].id = json_str(v, "");
    return e;
}
static enum err segment_profile(struct spec_reader *r, const struct json *v,
                                const char *path)
{
    return spec_read_text(r, v, path, 1000,
                          &r->spec->segment[r->spec->segment_count].profile);
}
static enum err segment_size(struct spec_reader *r, const struct json *v,
                             const char *path)
{
    return spec_read_int(r, v, path, 0, 1000000000000,
                         &r->spec->segment[r->spec->segment_count].size);
}

enum err spec_read_segments(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    static const struct spec_row rows[] = {{"id", segment_id},
                                           {"profile", segment_profile},
                                           {"size", segment_size},
                                           {NULL, NULL}};
    struct spec *s = r->spec;
    if (json_type(j) != JSON_ARRAY)
        return err_set(r->d, ERR_BAD_TYPE, path, "must be an array, not %s",
                       json_type_name(json_type(j)));
    if (json_count(j) > SPEC_LIST_MAX)
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "at most %d segments",
                       SPEC_LIST_MAX);
    json_each (item, j) {
        char at[160];
        spec_pointer_at(at, sizeof at, path, s->segment_count);
        struct spec_segment *segment = &s->segment[s->segment_count];
        segment->profile = "";
        segment->size = -1; /* not given */
        enum err e = spec_read_object(r, item, at, rows);
        if (e)
            return e;
        if (!segment->id)
            return err_set(r->d, ERR_MISSING, at, "a segment needs an id");
        for (int k = 0; k < s->segment_count; k++) {
            if (strcmp(s->segment[k].id, segment->id) == 0)
                return err_set(r->d, ERR_BAD_VALUE, at, "the segment is named twice");
        }
        s->segment_count++;
    }
    return ERR_OK;
}

/* BCP 47 in the narrow form that a placement name can carry. */
static bool locale_is_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-");
    return n >= 2 && n <= 35 && name[n] == '\0';
}

enum err spec_read_locale(struct spec_reader *r, const struct json *j, const char *path)
{
    struct spec *s = r->spec;
    enum err e = ERR_OK;
    if (json_type(j) == JSON_STRING) {
        e = spec_read_text(r, j, path, 35, &s->locale[0]);
        s->locale_count = 1;
    } else {
        e = spec_read_texts(r, j, path, s->locale, SPEC_LIST_MAX, &s->locale_count);
    }
    if (e)
        return e;
    if (!s->locale_count)
        return err_set(r->d, ERR_OUT_OF_RANGE, path, "name a locale");
    for (int i = 0; i < s->locale_count; i++) {
        char at[160];
        spec_pointer_at(at, sizeof at, path, i);
        if (!locale_is_valid(s->locale[i]))
            return err_set(r->d, ERR_BAD_VALUE, json_type(j) == JSON_STRING ? path : at,
                           "%.40s is not a locale such as en-US", s->locale[i]);
        for (int k = 0; k < i; k++) {
            if (strcmp(s->locale[k], s->locale[i]) == 0)
                return err_set(r->d, ERR_BAD_VALUE, at, "the locale is named twice");
        }
    }
    return ERR_OK;
}

/* channel[/segment[/locale]]; the locale is named only when there are several. */
static enum err add_placement(struct spec_reader *r, int channel, int segment,
                              int locale)
{
    struct spec *s = r->spec;
    if (s->placement_count == SPEC_PLACEMENTS_MAX)
        return err_set(r->d, ERR_OUT_OF_RANGE, "/channel",
                       "channels x segments x locales: at most %d placements",
                       SPEC_PLACEMENTS_MAX);
    struct spec_placement *p = &s->placement[s->placement_count++];
    const char *name = s->channel[channel]->name;
    p->channel = s->channel[channel];
    p->segment = segment >= 0 ? &s->segment[segment] : NULL;
    p->locale = s->locale[locale];
    if (s->locale_count > 1)
        p->name = arena_printf(r->arena, "%s/%s/%s", name,
                               p->segment ? p->segment->id : "all", p->locale);
    else if (p->segment)
        p->name = arena_printf(r->arena, "%s/%s", name, p->segment->id);
    else
        p->name = arena_strdup(r->arena, name);
    return p->name ? ERR_OK : ERR_NOMEM;
}

static enum err check_slots(struct spec_reader *r)
{
    enum err e = ERR_OK;
    for (int i = 0; i < r->spec->channel_count && !e; i++) {
        char at[160];
        spec_pointer_at(at, sizeof at, "/channel", i);
        e = channel_text_check(r->spec->channel[i], r->spec->facts, r->arena, at, r->d);
    }
    return e;
}

enum err spec_make_placements(struct spec_reader *r)
{
    struct spec *s = r->spec;
    if (!s->channel_count)
        s->channel[s->channel_count++] = channel_find(r->channels, "plain");
    if (!s->locale_count)
        s->locale[s->locale_count++] = "en-US";
    enum err e = ERR_OK;
    for (int c = 0; c < s->channel_count; c++) {
        for (int l = 0; l < s->locale_count; l++) {
            if (!s->segment_count && !e)
                e = add_placement(r, c, -1, l);
            for (int g = 0; g < s->segment_count && !e; g++) {
                if (s->segment[g].size != 0) /* nobody in it: not billed */
                    e = add_placement(r, c, g, l);
            }
        }
    }
    if (!e && !s->placement_count)
        e = err_set(r->d, ERR_OUT_OF_RANGE, "/segments", "every segment is empty");
    return e ? e : check_slots(r);
}

static enum err set_control(struct spec_reader *r, struct spec_placement *p,
                            const struct json *j, const char *path)
{
    enum err e = spec_read_text(r, j, path, 20000, &p->control);
    if (e)
        return e;
    p->control = channel_text_fill(r->arena, p->channel, r->spec->facts, p->control);
    if (!p->control)
        return ERR_NOMEM;
    struct channel_finding finding;
    int n = channel_judge(p->channel, p->control, strlen(p->control), &finding, 1);
    if (n > 0 && finding.hard)
        return err_set(r->d, finding.code, path, "%s", finding.message);
    return ERR_OK;
}

enum err spec_read_controls(struct spec_reader *r, const struct json *j)
{
    struct spec *s = r->spec;
    enum err e = ERR_OK;
    if (json_type(j) == JSON_STRING) {
        for (int i = 0; i < s->placement_count && !e; i++)
            e = set_control(r, &s->placement[i], j, "/control");
        return e;
    }
    if (json_type(j) != JSON_OBJECT)
        return err_set(r->d, ERR_BAD_TYPE, "/control",
                       "must be a text, or an object of texts by placement");
    json_each (item, j) {
        char at[160];
        spec_pointer(at, sizeof at, "/control", json_key(item));
        struct spec_placement *p = NULL;
        for (int i = 0; i < s->placement_count; i++) {
            if (strcmp(s->placement[i].name, json_key(item)) == 0)
                p = &s->placement[i];
        }
        if (!p)
            return err_set(r->d, ERR_BAD_VALUE, at, "there is no such placement");
        e = set_control(r, p, item, at);
        if (e)
            return e;
    }
    return ERR_OK;
}
