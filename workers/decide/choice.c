/* choice.c: see choice.h. */
#include "workers/decide/choice.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include <string.h>

static const char *text_of(const struct json *object, const char *field)
{
    return json_str(json_get(object, field), "");
}

static double number_of(const struct json *object, const char *field)
{
    return json_num(json_get(object, field), 0);
}

/* Traffic stops for these; the control is shown, if there is one. */
static const char *stop_reason(const char *state)
{
    static const char *const states[] = {"paused", "cancelled", "failed"};
    int i = names_index(states, state);
    return i < 0 ? NULL : states[i];
}

/* Before the first shares: the control that the spec gave, if it did. */
static void take_given_control(struct choice_set *s, const struct json *variants)
{
    json_each (v, variants) {
        if (!s->all && strcmp(text_of(v, "placement"), s->placement) == 0 &&
            strcmp(text_of(v, "state"), "control") == 0) {
            s->all = text_of(v, "id");
            s->all_weight = 1;
        }
    }
}

static void take_arms(struct choice_set *s, const struct json *alloc)
{
    json_each (arm, json_get(alloc, "arms")) {
        const struct assign_arm one = {text_of(arm, "v"), number_of(arm, "w")};
        if (s->count < CHOICE_ARMS_MAX)
            s->arms[s->count++] = one;
        if (s->reason && json_bool(json_get(arm, "control"), false)) {
            s->all = one.variant;
            s->all_weight = one.weight;
        }
    }
}

void choice_prepare(struct choice_set *s, const char *campaign, const char *placement,
                    const char *state, const struct json *alloc,
                    const struct json *variants)
{
    *s = (struct choice_set){.campaign = campaign,
                             .placement = placement,
                             .reason = stop_reason(state),
                             .holdout = number_of(alloc, "holdout"),
                             .epoch = json_int(json_get(alloc, "epoch"), 0)};
    if (alloc) {
        take_arms(s, alloc);
        return;
    }
    if (!s->reason)
        s->reason = strcmp(state, "review") == 0 ? "in_review" : "nothing_live";
    take_given_control(s, variants);
}

struct choice choice_of(const struct choice_set *s, const char *user)
{
    if (s->reason)
        return (struct choice){s->all, s->reason, s->all ? s->all_weight : 0};
    if (s->holdout > 0 && assign_is_holdout(s->campaign, user, s->holdout))
        return (struct choice){CHOICE_HOLDOUT, NULL, s->holdout};
    int pick = assign_pick(s->campaign, s->placement, user, s->arms, s->count);
    if (pick < 0)
        return (struct choice){NULL, "nothing_live", 0};
    return (struct choice){s->arms[pick].variant, NULL, s->arms[pick].weight};
}

enum err choice_check_user(const char *user, size_t n, struct err_detail *d)
{
    if (n == 0)
        return err_set(d, ERR_MISSING, "", "the id of a user is empty");
    if (utf8_invalid_at(user, n) != n || memchr(user, '\0', n))
        return err_set(d, ERR_BAD_ENCODING, "",
                       "the id of a user is not UTF-8, or holds a NUL");
    if (utf8_count(user, n) > CHOICE_USER_MAX)
        return err_set(d, ERR_OUT_OF_RANGE, "",
                       "the id of a user has at most %d characters", CHOICE_USER_MAX);
    return ERR_OK;
}
