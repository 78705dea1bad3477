/* format_names.c: see format_names.h. */
#include "campaigns/formats/format_names.h"
#include <string.h>

static const struct {
    const char *name, *type;
} known[] = {
    {"order_completed", "conversion"}, /* Segment */
    {"product_added", "cart"},
    {"order_refunded", "refund"},
    {"promotion_viewed", "impression"},
    {"promotion_clicked", "click"},
    {"email_delivered", "delivered"},
    {"email_opened", "open"},
    {"email_link_clicked", "click"},
    {"email_bounced", "bounce"},
    {"email_marked_as_spam", "complaint"},
    {"unsubscribed", "unsubscribe"},
    {"email_unsubscribed", "unsubscribe"},
    {"dfemail_delivered", "delivered"}, /* Dittofeed */
    {"dfemail_opened", "open"},
    {"dfemail_clicked", "click"},
    {"dfemail_bounced", "bounce"},
    {"dfemail_marked_spam", "complaint"},
    {"purchase", "conversion"}, /* GA4, Meta */
    {"add_to_cart", "cart"},
    {"view_promotion", "impression"},
    {"select_promotion", "click"},
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9');
}

/* Words in small letters with '_' between; a capital after a small letter begins one.
 * out has room for twice the name. */
static void spell(const char *name, char *out)
{
    char before = '\0';
    size_t n = 0;
    for (; *name; before = *name++) {
        if (!is_word(*name))
            continue;
        bool begins = !is_word(before) || (is_upper(*name) && !is_upper(before));
        if (begins && n > 0)
            out[n++] = '_';
        out[n++] = (char)(is_upper(*name) ? *name - 'A' + 'a' : *name);
    }
    out[n] = '\0';
}

const char *names_type(struct format_reading *r, const char *name,
                       const struct json *at)
{
    char *type = arena_alloc(r->arena, 2 * strlen(name) + 1);
    if (!type) {
        (void)reading_refuse(r, NULL, ERR_NOMEM, err_meaning(ERR_NOMEM));
        return "";
    }
    spell(name, type);
    r->from[FORMAT_TYPE] = at;
    if (!*type)
        (void)reading_refuse(r, at, ERR_BAD_VALUE, "no name of an event");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(type, known[i].name) == 0)
            return known[i].type;
    }
    return type;
}
