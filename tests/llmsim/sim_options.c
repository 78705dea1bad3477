/* sim_options.c: the command line of barker-llmsim. */
#include "tests/llmsim/sim_server.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>

enum option_id {
    OPTION_FAULT, /* + enum sim_fault */
    OPTION_LISTEN = SIM_FAULT_NONE,
    OPTION_SEED,
    OPTION_LATENCY,
    OPTION_PIECE_BYTES,
    OPTION_BATCH_MS,
    OPTION_BATCH_MISSING,
    OPTION_BATCH_ERRORS,
    OPTION_BATCH_PAD,
    OPTION_BATCH_INVALID,
    OPTION_BATCH_EXPIRE,
    OPTION_BATCH_UNTOLD_MS,
    OPTION_LIMIT, /* + enum sim_rate */
    OPTION_LIMIT_WINDOW = OPTION_LIMIT + SIM_RATES,
    OPTION_LIMIT_HEADERS,
    OPTION_RETRY_AFTER,
    OPTION_LEDGER,
    OPTION_MAX_REQUESTS,
    OPTION_EXIT_AFTER,
    OPTION_HELP,
};

static const struct option options[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"latency-ms", required_argument, NULL, OPTION_LATENCY},
    {"fault-rate-limit", required_argument, NULL, OPTION_FAULT + SIM_FAULT_RATE_LIMIT},
    {"fault-500", required_argument, NULL, OPTION_FAULT + SIM_FAULT_500},
    {"fault-malformed", required_argument, NULL, OPTION_FAULT + SIM_FAULT_MALFORMED},
    {"fault-schema", required_argument, NULL, OPTION_FAULT + SIM_FAULT_SCHEMA},
    {"fault-drop", required_argument, NULL, OPTION_FAULT + SIM_FAULT_DROP},
    {"fault-money", required_argument, NULL, OPTION_FAULT + SIM_FAULT_MONEY},
    {"fault-overload", required_argument, NULL, OPTION_FAULT + SIM_FAULT_OVERLOAD},
    {"fault-stall", required_argument, NULL, OPTION_FAULT + SIM_FAULT_STALL},
    {"fault-cut", required_argument, NULL, OPTION_FAULT + SIM_FAULT_CUT},
    {"piece-bytes", required_argument, NULL, OPTION_PIECE_BYTES},
    {"batch-ms", required_argument, NULL, OPTION_BATCH_MS},
    {"batch-missing", required_argument, NULL, OPTION_BATCH_MISSING},
    {"batch-errors", required_argument, NULL, OPTION_BATCH_ERRORS},
    {"batch-pad", required_argument, NULL, OPTION_BATCH_PAD},
    {"batch-invalid", required_argument, NULL, OPTION_BATCH_INVALID},
    {"batch-expire", required_argument, NULL, OPTION_BATCH_EXPIRE},
    {"batch-untold-ms", required_argument, NULL, OPTION_BATCH_UNTOLD_MS},
    {"limit-rpm", required_argument, NULL, OPTION_LIMIT + SIM_RATE_CALLS},
    {"limit-tpm", required_argument, NULL, OPTION_LIMIT + SIM_RATE_TOKENS},
    {"limit-itpm", required_argument, NULL, OPTION_LIMIT + SIM_RATE_IN},
    {"limit-otpm", required_argument, NULL, OPTION_LIMIT + SIM_RATE_OUT},
    {"limit-window-ms", required_argument, NULL, OPTION_LIMIT_WINDOW},
    {"limit-headers", required_argument, NULL, OPTION_LIMIT_HEADERS},
    {"retry-after", required_argument, NULL, OPTION_RETRY_AFTER},
    {"ledger", required_argument, NULL, OPTION_LEDGER},
    {"max-requests", required_argument, NULL, OPTION_MAX_REQUESTS},
    {"exit-after", required_argument, NULL, OPTION_EXIT_AFTER},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

const char *sim_options_usage(void)
{
    return "barker-llmsim: a simulated, OpenAI-compatible model for demo and tests\n"
           "  --listen ADDR:PORT      default 127.0.0.1:0 (any port)\n"
           "  --seed N                default 1\n"
           "  --latency-ms MIN:MAX    or lognormal:MEDIAN:SIGMA; default 0:0\n"
           "  --fault-rate-limit P    429 with Retry-After, code rate_limit_exceeded\n"
           "  --fault-500 P           500\n"
           "  --fault-malformed P     200, content is broken JSON\n"
           "  --fault-schema P        200, content is JSON of another schema\n"
           "  --fault-drop P          the connection is closed without an answer\n"
           "  --fault-money P         429 without a hint, code insufficient_quota\n"
           "  --fault-overload P      200, but the body or the first event is an "
           "error\n"
           "  --fault-stall P         200, then nothing; of a stream the first half\n"
           "  --fault-cut P           half of the body, then the connection is closed\n"
           "  --piece-bytes N         bodies go out in pieces of N bytes; default "
           "whole\n"
           "  --batch-ms N            a batch takes so long; default 1000\n"
           "  --batch-missing P       lines of a batch of which nothing is ever heard\n"
           "  --batch-errors P        lines of a batch that fail\n"
           "  --batch-pad N           each line of results is longer by N blanks\n"
           "  --batch-invalid P       batches (of files) that fail validation\n"
           "  --batch-expire P        a batch expires with this share of its lines "
           "done\n"
           "  --batch-untold-ms N     the file of results is told so long after the "
           "end\n"
           "  --limit-rpm N           requests in a window, else 429; what is left is "
           "told\n"
           "  --limit-tpm N           the same of tokens; of prompts and of replies:\n"
           "  --limit-itpm N, --limit-otpm N\n"
           "  --limit-window-ms N     default 60000, from the first request on\n"
           "  --limit-headers FORM    openai (default) or anthropic\n"
           "  --retry-after S         seconds, may be a fraction; default 1\n"
           "  --ledger FILE           NDJSON of all requests, appended\n"
           "  --max-requests N        stop after N requests for answers\n"
           "  --exit-after S          stop after S seconds\n"
           "P is a probability; together at most 1. Drawn from seed and request "
           "number.\n";
}

static enum err read_int(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno || end == text || *end || n < 0 || n > INT64_MAX / 1000) {
        return ERR_CONFIG;
    }
    *out = n;
    return ERR_OK;
}

static enum err read_seconds(const char *text, double *out)
{
    char *end = NULL;
    double n = strtod(text, &end);
    if (end == text || *end || !isfinite(n) || n < 0 || n > 86400) {
        return ERR_CONFIG;
    }
    *out = n;
    return ERR_OK;
}

static enum err read_share(const char *text, double *out)
{
    enum err e = read_seconds(text, out);
    return e == ERR_OK && *out <= 1 ? ERR_OK : ERR_CONFIG;
}

static enum err read_batch_option(int id, const char *text, struct sim_batch_options *b)
{
    switch (id) {
    case OPTION_BATCH_MS:
        return read_int(text, &b->ms);
    case OPTION_BATCH_UNTOLD_MS:
        return read_int(text, &b->untold_ms);
    case OPTION_BATCH_PAD:
        return read_int(text, &b->pad);
    case OPTION_BATCH_MISSING:
        return read_share(text, &b->missing);
    case OPTION_BATCH_ERRORS:
        return read_share(text, &b->errors);
    case OPTION_BATCH_INVALID:
        return read_share(text, &b->invalid);
    case OPTION_BATCH_EXPIRE:
        return read_share(text, &b->expire);
    default:
        return ERR_CONFIG;
    }
}

static enum err read_option(int id, const char *text, struct sim_options *o)
{
    int64_t seed = 0;
    enum err e = ERR_OK;
    switch (id) {
    case OPTION_LISTEN:
        o->listen = text;
        return ERR_OK;
    case OPTION_SEED:
        e = read_int(text, &seed);
        o->faults.seed = (uint64_t)seed;
        return e;
    case OPTION_LATENCY:
        return sim_faults_latency(&o->faults, text);
    case OPTION_PIECE_BYTES:
        return read_int(text, &o->piece_bytes);
    case OPTION_RETRY_AFTER:
        return read_seconds(text, &o->retry_after_s);
    case OPTION_LEDGER:
        o->ledger = text;
        return ERR_OK;
    case OPTION_MAX_REQUESTS:
        return read_int(text, &o->max_requests);
    case OPTION_EXIT_AFTER:
        return read_int(text, &o->exit_after_s);
    case OPTION_HELP:
        return ERR_CANCELLED;
    case OPTION_LIMIT_WINDOW:
        return read_int(text, &o->rates.window_ms);
    case OPTION_LIMIT_HEADERS:
        return sim_rates_parse_form(&o->rates, text);
    default:
        if (id >= OPTION_LIMIT && id < OPTION_LIMIT_WINDOW) {
            return read_int(text, &o->rates.most[id - OPTION_LIMIT]);
        }
        return id >= OPTION_FAULT && id < SIM_FAULT_NONE
                   ? sim_faults_share(&o->faults, (enum sim_fault)id, text)
                   : read_batch_option(id, text, &o->batch);
    }
}

enum err sim_options_parse(int argc, char **argv, struct sim_options *o,
                           struct err_detail *d)
{
    *o = (struct sim_options){.listen = "127.0.0.1:0",
                              .retry_after_s = 1,
                              .rates = {.window_ms = 60000},
                              .batch = {.ms = 1000, .expire = 1}};
    o->faults.seed = 1;
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        enum err e = read_option(id, optarg, o);
        if (e == ERR_CANCELLED) {
            return e;
        }
        if (e != ERR_OK) {
            return err_set(d, ERR_CONFIG, "", "bad option or value: %s; see --help",
                           argv[optind - 1]);
        }
    }
    return optind == argc
               ? ERR_OK
               : err_set(d, ERR_CONFIG, "", "unexpected argument: %s", argv[optind]);
}
