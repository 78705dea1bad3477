/* view.h: campaigns, variants and placements as commands see them: the public hashes as
 * JSON, numbers as numbers, and the words made of them. */
#ifndef BARKER_WORKERS_CLI_VIEW_H
#define BARKER_WORKERS_CLI_VIEW_H

#include "core/base/json.h"
#include "queues/dead.h"
#include "workers/cli/session.h"

#define VIEW_WORD_MAX 96

/* An id that a campaign can have: of a spec, "~<n>" appended for children. Others name
 * somebody else's keys. */
bool view_id_is_valid(const char *id);

/* All return an exit code and have said what is wrong. *out is **owned** by the caller
 * (json_free). */
/* {"id":…, fields…}; CLI_NOT_FOUND if there is none; `quiet`: without saying so. */
int view_campaign(struct session *s, const char *id, bool quiet, struct json **out);
/* [{"id":…, fields…}, …] */
int view_list(struct session *s, int count, struct json **out);
int view_variants(struct session *s, const char *id, struct json **out);
/* [{"id": placement, fields…, "alloc": {…} or absent}, …]; with a bare {"id"} for each
 * placement of `variants` that was not ranked yet. */
int view_placements(struct session *s, const char *id, const struct json *variants,
                    struct json **out);

/* What gave up and fits the filter, newest first; one of them. */
int view_dead(struct session *s, const struct dead_filter *filter, struct json **out);
int view_dead_one(struct session *s, const char *id, struct json **out);

const char *view_str(const struct json *object, const char *field); /* or "" */
double view_num(const struct json *object, const char *field);      /* or 0 */
/* Element with this "id", or NULL. */
const struct json *view_find(const struct json *list, const char *id);

/* Words. */
void view_print_state(const struct json *campaign, char out[VIEW_WORD_MAX]);
/* "+12.3 % [-1.0, +27.9]", or "no evidence yet". */
void view_print_lift(const struct json *object, char out[VIEW_WORD_MAX]);
/* What was spent; "unknown" without a price. */
void view_print_usd(const struct json *campaign, char out[VIEW_WORD_MAX]);
/* An integral field, or with `digits` decimals. */
void view_print_num(const struct json *object, const char *field, int digits,
                    char out[VIEW_WORD_MAX]);

#endif
