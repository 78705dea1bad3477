/* content_history.c: the list of winners and losers for the next prompts. */
#include "campaigns/kinds/content/content_history.h"
#include "core/base/utf8.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_TEXT_MAX 1000 /* bytes: a long body shows its beginning */
#define HISTORY_LINES_MAX 10
#define HISTORY_MIN_TRIALS 100

static int by_rate(const void *a, const void *b)
{
    const struct variant *x = *(const struct variant *const *)a;
    const struct variant *y = *(const struct variant *const *)b;
    return (x->rate > y->rate) - (x->rate < y->rate);
}

/* Bands of ten points: a model must not read more into the figure than there is. */
static void print_line(struct buf *out, const struct variant *v,
                       const struct variant *control)
{
    if (!control || v == control || control->rate <= 0) {
        buf_printf(out, "- (control) %s\n", v->text);
        return;
    }
    double lift = 100 * (v->rate / control->rate - 1);
    int band = (int)floor(lift / 10) * 10;
    bool sure = v->rate_lo > control->rate || v->rate_hi < control->rate;
    size_t n = utf8_prefix(v->text, strlen(v->text), LINE_TEXT_MAX);
    buf_printf(out, "- (%+d..%+d %%, %s) %.*s%s\n", band, band + 10,
               sure ? "sure" : "not sure", (int)n, v->text, v->text[n] ? " …" : "");
}

enum err content_history_write(struct campaign *c, int placement)
{
    const struct variant **seen =
        arena_array(c->arena, (size_t)c->variant_count + 1, sizeof *seen);
    const struct variant *control =
        campaign_find_variant(c, content_memo_text(c, "control", placement));
    int n = 0;
    if (!seen)
        return ERR_NOMEM;
    for (int i = 0; i < c->variant_count; i++) {
        const struct variant *v = &c->variants[i];
        if (v->placement == placement && campaign_trials(c, v) >= HISTORY_MIN_TRIALS &&
            v->state != VARIANT_REJECTED)
            seen[n++] = v;
    }
    qsort(seen, (size_t)n, sizeof *seen, by_rate);
    struct buf out;
    buf_init(&out, (size_t)(HISTORY_LINES_MAX + 1) * (LINE_TEXT_MAX + 100));
    /* the two worst as contrast, then the best ones */
    for (int i = 0; i < n; i++) {
        if (i < 2 || i >= n - (HISTORY_LINES_MAX - 2))
            print_line(&out, seen[i], control);
    }
    enum err e = buf_status(&out);
    if (!e)
        e = content_memo_set_text(c, "history", placement, buf_str(&out));
    buf_fini(&out);
    return e;
}
