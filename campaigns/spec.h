/* spec.h: a campaign specification (CONTRACT §5), parsed and checked.
 *
 * Every field of the contract is known; unknown fields are refused with their JSON
 * pointer, fields not served yet with ERR_NOT_SUPPORTED. Pure: text in, struct out.
 * All memory lives in the arena and in `root`, which the spec **owns**. */
#ifndef BARKER_CAMPAIGNS_SPEC_H
#define BARKER_CAMPAIGNS_SPEC_H

#include "campaigns/checks/channel.h"
#include "core/base/arena.h"
#include "core/base/cron.h"
#include "core/base/json.h"

#define SPEC_ID_MAX 64
#define SPEC_ROOT_ID_MAX 56 /* of one that has children, "~1000000" */
#define SPEC_LIST_MAX 16    /* channels, segments, locales, angles … */
#define SPEC_PLACEMENTS_MAX 64
#define SPEC_WARNINGS_MAX 16

/* REVENUE ranks by conversions in this version, with a warning. */
enum spec_metric { SPEC_METRIC_CLICK, SPEC_METRIC_CONVERSION, SPEC_METRIC_REVENUE };
const char *spec_metric_name(enum spec_metric m);

enum spec_priority { SPEC_PRIORITY_HIGH, SPEC_PRIORITY_NORMAL, SPEC_PRIORITY_LOW };

struct spec_segment {
    const char *id, *profile;
    int64_t size; /* people; -1 = not given; 0 = nobody: no placement, not billed */
};
/* One cell in which variants compete. */
struct spec_placement {
    const char *name; /* "sms", "sms/vip", "sms/all/zh-CN" */
    const struct channel *channel;
    const struct spec_segment *segment; /* NULL = everybody */
    const char *locale;
    const char *control; /* given control text, or NULL */
};
struct spec_warning {
    const char *path, *message;
};

struct spec_repeat {
    const char *cron; /* NULL: it does not repeat */
    const char *zone; /* of IANA; whether there is one of this name is not known here */
    struct cron at;
    int64_t times;    /* 0 = any number */
    int64_t until_ms; /* Unix time of the last one; 0 = without end */
};

struct spec {
    struct json *root; /* owns */
    const struct json *input, *facts;
    char id[SPEC_ID_MAX + 1]; /* "" = to be made from the stream entry */
    char tenant[SPEC_ID_MAX + 1];
    char kind[32];
    enum spec_priority priority; /* in the order of calls of a worker */
    const char *locale[SPEC_LIST_MAX];
    const struct channel *channel[SPEC_LIST_MAX];
    struct spec_segment segment[SPEC_LIST_MAX];
    int locale_count, channel_count, segment_count;
    struct spec_placement placement[SPEC_PLACEMENTS_MAX];
    int placement_count;
    const char *voice;
    const char *never[64], *say[64];
    int never_count, say_count;
    int64_t budget_calls, budget_tokens, budget_usd_nano; /* -1 = no bound */
    const char *llm_endpoint, *llm_model;                 /* "" = default */
    bool send_pii;  /* llm.pii "send": prompts go out as they are */
    bool llm_batch; /* its calls may wait for a batch of their provider */
    enum spec_metric metric;
    double holdout;      /* 0-0.5 */
    double min_distance; /* 0-1; default 0.25 */
    const char *policy;  /* default "sharpened" */
    int64_t horizon;     /* planned impressions per placement; 0 = unknown */
    int64_t min_impressions;
    int max_rounds; /* default 5 */
    bool approval;  /* a person must approve each variant */
    int64_t not_before_ms;
    int64_t start_within_ms; /* of admission, or not_before_ms if later; 0 = no limit */
    int64_t deadline_ms;     /* of admission; 0 = none */
    struct spec_repeat repeat; /* then what is said here of time is of each run */
    uint64_t seed;
    bool must_review; /* a rule is accepted but not enforced: it forces approval */
    struct spec_warning warning[SPEC_WARNINGS_MAX];
    int warning_count;
};

/* channels is **borrowed** by the spec for its life. The kind's own `input` is checked
 * too. d holds the first error: code, pointer, message. */
enum err spec_parse(const char *text, size_t n, const struct channel_set *channels,
                    struct arena *arena, struct spec *out,
                    struct err_detail *d) MUST_USE;
void spec_fini(struct spec *s); /* frees root; the arena is the caller's */
const char *spec_priority_name(enum spec_priority p); /* "high" … */
/* Names of the fields of a spec's top level; NULL past the end. */
const char *spec_field_at(size_t i);

/* Each member that is wrong, in the order of the text, then what is missing; what only
 * a spec with good members can have wrong (placements, the input of its kind) if there
 * is none of these. ERR_OK: none. Text that is no JSON has one error. */
#define SPEC_ERRORS_MAX 32
struct spec_errors {
    struct err_detail item[SPEC_ERRORS_MAX];
    int count;
};
enum err spec_find_errors(const char *text, size_t n,
                          const struct channel_set *channels, struct arena *arena,
                          struct spec_errors *out) MUST_USE;

/* [A-Za-z0-9._-], 1..64, for ids of campaigns, tenants, segments, variants. */
bool spec_id_is_valid(const char *id);

/* Fails with ERR_PRICE_UNKNOWN (usd budget, no price, neither calls nor tokens
 * bounded). */
enum err spec_check_price(const struct spec *s, bool price_known,
                          struct err_detail *d) MUST_USE;

#endif
