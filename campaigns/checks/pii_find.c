/* pii_find.c: one reader per form; each is told where a value may begin. */
#include "campaigns/checks/pii_find.h"
#include <string.h>

#define GROUPS_MAX 12
#define DIGITS_MAX 40

const char *pii_kind_name(enum pii_kind k)
{
    static const char *const names[] = {"email", "phone", "card", "iban", "id", "ip"};
    return names[k];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_alnum(char c)
{
    return is_digit(c) || is_letter(c);
}
static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* A text as one reader sees it. */
struct span {
    const char *text;
    size_t n, from; /* what stands before `from` does not count */
};
static char char_at(const struct span *s, size_t i)
{
    return i < s->n ? s->text[i] : '\0';
}

/* The n of "\\n": texts of JSON are looked at as they are written. */
static bool is_escape(const struct span *s, size_t i)
{
    return i > s->from && s->text[i - 1] == '\\' && strchr("bfnrt", s->text[i]);
}

/* Not in the middle of a word. */
static bool begins(const struct span *s, size_t i)
{
    if (i == s->from || is_escape(s, i - 1))
        return true;
    char before = s->text[i - 1];
    return !is_alnum(before) && before != '_' && before != '+';
}
static bool ends(const struct span *s, size_t i)
{
    char after = char_at(s, i);
    return !is_alnum(after) && after != '_';
}

/* Letters and digits from one place on, in groups; a group ends the value or not. */
struct groups {
    char chars[DIGITS_MAX + 1]; /* letters in upper case, without what parts them */
    size_t count;
    struct {
        size_t chars, end; /* of all up to here; where it ends in the text */
    } group[GROUPS_MAX];
    int group_count;
};

/* Digits, and letters if asked for; between groups up to `gap` of `parts`. */
static void read_groups(const struct span *s, size_t i, bool letters, const char *parts,
                        int gap, struct groups *g)
{
    g->count = 0;
    g->group_count = 0;
    bool (*belongs)(char) = letters ? is_alnum : is_digit;
    while (g->group_count < GROUPS_MAX) {
        while (g->count < DIGITS_MAX && belongs(char_at(s, i)))
            g->chars[g->count++] = upper(s->text[i++]);
        g->group[g->group_count].chars = g->count;
        g->group[g->group_count++].end = i;
        int passed = 0;
        while (passed < gap && char_at(s, i) && strchr(parts, s->text[i])) {
            passed++;
            i++;
        }
        if (passed == 0 || !belongs(char_at(s, i)) || g->count == DIGITS_MAX)
            break;
    }
    g->chars[g->count] = '\0';
}

/* By the first four digits; n: any length from `least` to `most`. */
static bool is_issued(int first, size_t n)
{
    static const struct {
        int lo, hi;
        size_t least, most;
    } ranges[] = {
        {4000, 4999, 13, 13}, {4000, 4999, 16, 16}, {4000, 4999, 19, 19},
        {5100, 5599, 16, 16}, {2221, 2720, 16, 16}, {6000, 6999, 16, 19},
        {3400, 3499, 15, 15}, {3700, 3799, 15, 15}, {3528, 3589, 16, 19},
        {3000, 3059, 14, 14}, {3600, 3699, 14, 14}, {3800, 3999, 14, 14},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (first >= ranges[i].lo && first <= ranges[i].hi && n >= ranges[i].least &&
            n <= ranges[i].most)
            return true;
    return false;
}

static bool is_card(const char *d, size_t n)
{
    int first = 0, sum = 0;
    for (size_t i = 0; i < 4 && i < n; i++)
        first = first * 10 + d[i] - '0';
    for (size_t i = 0; i < n; i++) {
        int digit = d[n - 1 - i] - '0';
        digit = i % 2 ? 2 * digit : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return is_issued(first, n) && sum % 10 == 0;
}

static bool is_iban(const char *c, size_t n)
{
    int rest = 0;
    if (n < 15 || n > 34 || !is_letter(c[0]) || !is_letter(c[1]) || !is_digit(c[2]) ||
        !is_digit(c[3]))
        return false;
    for (size_t i = 0; i < n; i++) { /* the first four characters come last */
        char one = c[(i + 4) % n];
        rest = is_digit(one) ? (rest * 10 + one - '0') % 97
                             : (rest * 100 + one - 'A' + 10) % 97;
    }
    return rest == 1;
}

static bool is_resident_id(const char *c, size_t n)
{
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    if (n != 18)
        return false;
    for (int i = 0; i < 17; i++) {
        if (!is_digit(c[i]))
            return false;
        sum += weights[i] * (c[i] - '0');
    }
    int month = (c[10] - '0') * 10 + c[11] - '0',
        day = (c[12] - '0') * 10 + c[13] - '0';
    bool born = (memcmp(c + 6, "19", 2) == 0 || memcmp(c + 6, "20", 2) == 0) &&
                month >= 1 && month <= 12 && day >= 1 && day <= 31;
    return born && c[0] != '0' && c[17] == "10X98765432"[sum % 11];
}

static bool is_mobile_cn(const char *c, size_t n)
{
    if (n == 13 && memcmp(c, "86", 2) == 0) {
        c += 2;
        n -= 2;
    }
    return n == 11 && c[0] == '1' && c[1] >= '3';
}

static bool is_e164(const char *c, size_t n)
{
    return n >= 8 && n <= 15 && c[0] != '0';
}

enum form { FORM_ID, FORM_MOBILE, FORM_E164, FORM_CARD, FORM_IBAN };

static bool is_of(enum form form, const char *chars, size_t n)
{
    switch (form) {
    case FORM_ID:
        return is_resident_id(chars, n);
    case FORM_MOBILE:
        return is_mobile_cn(chars, n);
    case FORM_E164:
        return is_e164(chars, n);
    case FORM_CARD:
        return is_card(chars, n);
    case FORM_IBAN:
        break;
    }
    return is_iban(chars, n);
}

/* The longest run of whole groups that has this form; 0 = none. */
static size_t longest(const struct span *s, size_t i, const struct groups *g,
                      enum form form)
{
    for (int k = g->group_count - 1; k >= 0; k--) {
        if (ends(s, g->group[k].end) && is_of(form, g->chars, g->group[k].chars))
            return g->group[k].end - i;
    }
    return 0;
}

/* A number is as long as phone numbers are: what follows a blank is another one. */
static void cut_phone(const struct span *s, struct groups *g)
{
    for (int k = 0; k < g->group_count; k++)
        if (g->group[k].chars >= 11 && char_at(s, g->group[k].end) == ' ')
            g->group_count = k + 1;
}

static size_t read_phone(const struct span *s, size_t i)
{
    struct groups g;
    if (s->text[i] != '+' || !is_digit(char_at(s, i + 1)))
        return 0;
    read_groups(s, i + 1, false, " -.()/", 2, &g);
    cut_phone(s, &g);
    size_t len = longest(s, i + 1, &g, FORM_E164);
    return len ? len + 1 : 0;
}

/* 138 0013 8000 or 13800138000: other groups are no mobile number. */
static size_t read_mobile(const struct span *s, size_t i)
{
    struct groups g;
    read_groups(s, i, false, " -", 1, &g);
    bool grouped = g.group_count >= 3 && g.group[0].chars == 3 &&
                   g.group[1].chars == 7 && g.group[2].chars == 11;
    g.group_count = grouped ? 3 : 1;
    return longest(s, i, &g, FORM_MOBILE);
}

static size_t read_number(const struct span *s, size_t i, enum pii_kind *kind)
{
    struct groups g;
    read_groups(s, i, true, "", 0, &g);
    size_t len = longest(s, i, &g, FORM_ID);
    *kind = PII_ID;
    if (len)
        return len;
    *kind = PII_PHONE;
    len = read_mobile(s, i);
    if (len)
        return len;
    *kind = PII_CARD;
    read_groups(s, i, false, " -", 1, &g);
    return g.count >= 13 ? longest(s, i, &g, FORM_CARD) : 0;
}

static size_t read_iban(const struct span *s, size_t i)
{
    struct groups g;
    if (!is_letter(char_at(s, i + 1)) || !is_digit(char_at(s, i + 2)) ||
        !is_digit(char_at(s, i + 3)))
        return 0;
    read_groups(s, i, true, " ", 1, &g);
    return longest(s, i, &g, FORM_IBAN);
}

static size_t read_ip(const struct span *s, size_t i)
{
    size_t at = i;
    for (int octet = 0; octet < 4; octet++) {
        int value = 0, digits = 0;
        if (octet && char_at(s, at++) != '.')
            return 0;
        for (; digits < 4 && is_digit(char_at(s, at)); digits++)
            value = value * 10 + s->text[at++] - '0';
        if (digits == 0 || digits > 3 || value > 255)
            return 0;
    }
    return ends(s, at) ? at - i : 0;
}

static bool is_local(char c)
{
    return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

/* At the beginning of a run of such characters only, so that a text is read once. */
static size_t read_email(const struct span *s, size_t i)
{
    size_t at = i, end = 0, label = 0;
    while (is_local(char_at(s, at)))
        at++;
    if (at == i || char_at(s, at) != '@')
        return 0;
    size_t start = ++at;
    for (;; at++) { /* the longest domain that ends in a label of letters */
        char c = char_at(s, at);
        if (is_alnum(c) || c == '-') {
            label++;
            continue;
        }
        bool letters = label >= 2;
        for (size_t k = at - label; k < at; k++)
            letters = letters && is_letter(s->text[k]);
        if (letters && at - label > start)
            end = at;
        if (c != '.' || label == 0)
            break;
        label = 0;
    }
    return end ? end - i : 0;
}

/* Most of a text is the middle of a word, or no letter of a value at all. */
static bool may_begin(const struct span *s, size_t i)
{
    if (!is_local(s->text[i]))
        return false;
    return i == s->from || !is_alnum(s->text[i - 1]) || is_escape(s, i - 1);
}

static size_t read_at(const struct span *s, size_t i, enum pii_kind *kind)
{
    char c = s->text[i];
    size_t len = 0;
    *kind = PII_EMAIL;
    if (is_escape(s, i))
        return 0;
    if (is_local(c) &&
        (i == s->from || !is_local(s->text[i - 1]) || is_escape(s, i - 1)))
        len = read_email(s, i);
    if (len || !begins(s, i))
        return len;
    if (c == '+') {
        *kind = PII_PHONE;
        return read_phone(s, i);
    }
    if (is_letter(c)) {
        *kind = PII_IBAN;
        return read_iban(s, i);
    }
    if (!is_digit(c))
        return 0;
    *kind = PII_IP;
    len = read_ip(s, i);
    return len ? len : read_number(s, i, kind);
}

bool pii_find(const char *text, size_t n, size_t from, struct pii_place *out)
{
    const struct span s = {text, n, from};
    for (size_t i = from; i < n; i++) {
        enum pii_kind kind;
        if (!may_begin(&s, i))
            continue;
        size_t len = read_at(&s, i, &kind);
        if (!len)
            continue;
        *out = (struct pii_place){kind, i, len};
        return true;
    }
    return false;
}
