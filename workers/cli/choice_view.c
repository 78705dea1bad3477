/* choice_view.c: see choice_view.h. */
#include "workers/cli/choice_view.h"

/* The placement asked for; NULL while nothing was published yet. */
static int find_placement(const struct choice_view *v, const struct cli *c,
                          const char *id, const char *asked, const struct json **out)
{
    const struct json *all = v->placements;
    *out = asked ? view_find(all, asked) : json_first(all);
    if (!asked && json_count(all) > 1) {
        cli_error(c, ERR_MISSING, "%s has %zu placements; give one: --placement %s", id,
                  json_count(all), view_str(*out, "id"));
        return CLI_BAD_INPUT;
    }
    if (!*out && asked && json_count(all) > 0) {
        cli_error(c, ERR_NOT_FOUND,
                  "%s has no placement '%s'; `barker result %s` lists them", id, asked,
                  id);
        return CLI_NOT_FOUND;
    }
    return CLI_OK;
}

int choice_view_read(struct choice_view *v, struct session *s, const char *id,
                     const char *placement)
{
    const struct json *p = NULL;
    *v = (struct choice_view){.campaign = NULL};
    int rc = view_campaign(s, id, false, &v->campaign);
    rc = rc ? rc : view_variants(s, id, &v->variants);
    rc = rc ? rc : view_placements(s, id, v->variants, &v->placements);
    rc = rc ? rc : find_placement(v, s->cli, id, placement, &p);
    if (!rc)
        choice_prepare(&v->set, id,
                       p           ? view_str(p, "id")
                       : placement ? placement
                                   : "",
                       view_str(v->campaign, "state"), json_get(p, "alloc"),
                       v->variants);
    return rc;
}

void choice_view_fini(struct choice_view *v)
{
    json_free(v->campaign);
    json_free(v->placements);
    json_free(v->variants);
}
