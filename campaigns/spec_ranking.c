/* spec_ranking.c: how the variants of a campaign compete. */
#include "campaigns/ranking/policy.h"
#include "campaigns/spec_reader.h"

#define COUNT_MAX 1000000000000LL

static enum err ranking_policy(struct spec_reader *r, const struct json *j,
                               const char *path)
{
    enum err e = spec_read_text(r, j, path, 31, &r->spec->policy);
    if (!e && !policy_find(r->spec->policy))
        e = err_set(r->d, ERR_BAD_VALUE, path, "there is no policy %s",
                    r->spec->policy);
    return e;
}
static enum err ranking_horizon(struct spec_reader *r, const struct json *j,
                                const char *path)
{
    return spec_read_int(r, j, path, 1, COUNT_MAX, &r->spec->horizon);
}
static enum err ranking_min(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    return spec_read_int(r, j, path, 1, COUNT_MAX, &r->spec->min_impressions);
}
static enum err ranking_rounds(struct spec_reader *r, const struct json *j,
                               const char *path)
{
    int64_t n = 0;
    enum err e = spec_read_int(r, j, path, 1, 100, &n);
    r->spec->max_rounds = (int)n;
    return e;
}
enum err spec_read_ranking(struct spec_reader *r, const struct json *j,
                           const char *path)
{
    static const struct spec_row rows[] = {{"policy", ranking_policy},
                                           {"horizon", ranking_horizon},
                                           {"min_impressions", ranking_min},
                                           {"max_rounds", ranking_rounds},
                                           {NULL, NULL}};
    return spec_read_object(r, j, path, rows);
}
