"""More faults, as in faults.py: conversions that are late, money, other policies, harm."""

RANK = "campaigns/ranking/"
UNIT = "unit:campaigns.ranking."
DELAY, REVENUE, GUARD = UNIT + "delay_test", UNIT + "revenue_test", UNIT + "guard_test"
OFFPOLICY, PLAN = UNIT + "offpolicy_test", UNIT + "plan_test"

FAULTS = {
    "young-counts-in-full": (
        RANK + "delay.c", "bool ripe = in->window_s > 0 && young >= in->window_s;",
        "bool ripe = in->window_s >= 0;",
        "a text that is new looks like one that nobody buys from", [DELAY]),
    "window-forgotten": (
        RANK + "delay.c", "bool ripe = in->window_s > 0 && young >= in->window_s;\n"
        "        double share = ripe ? 1 : fmin(1, (1 - exp(-rate * young) * mean) / all);",
        "double share = 1 - exp(-rate * young) * mean;",
        "conversions are expected that the window will not let in", [DELAY]),
    "delay-guessed": (
        RANK + "delay.c", "bool known = out->ripe_hi <= DOUBT_MAX * out->ripe_lo;",
        "bool known = true;", "rates are corrected by a delay that nobody knows", [DELAY]),
    "same-bucket-forgotten": (
        RANK + "delay.c", "double m = (1 - mean) * e + later * past;",
        "double m = later * past;", "quick conversions are taken for late ones", [DELAY]),
    "more-conversions-than-trials": (
        RANK + "delay.c", "arm->n_eff = fmin(fmax(arm->n_eff, c), exposures);", "(void)exposures;",
        "a lucky start has a rate above 1", [DELAY]),
    "mean-for-the-sum": (
        RANK + "offpolicy.c", "v * v * log->weight_squares,\n                         log->weight);",
        "v * v * log->weight_squares,\n                         log->weight / n);",
        "the interval of another policy's value is thousands of times too wide",
        [OFFPOLICY]),
    "weights-unclipped": (
        RANK + "offpolicy.c", "        w = OFFPOLICY_WEIGHT_MAX;\n", "",
        "one decision in a thousand makes the value of a policy", [OFFPOLICY]),
    "model-of-the-shown-arm": (
        RANK + "offpolicy.c", "double base = g->model_mean - w * g->model;",
        "double base = g->model - w * g->model;",
        "the doubly robust value is that of the logging policy", [OFFPOLICY]),
    "values-unshrunk": (
        RANK + "revenue.c", "double precision = 1 / (SPREAD * SPREAD), each",
        "double precision = 1e-9, each",
        "one large order wins", [REVENUE]),
    "few-orders-decide": (
        RANK + "revenue.c", "t->conversions >= REVENUE_CONVERSIONS_MIN * (double)count",
        "t->conversions >= 1", "two orders against one decide which text is shown", [REVENUE]),
    "large-orders-uncut": (
        RANK + "revenue.c", "double cut = cap > 0 && value > cap ? cap : value;",
        "double cut = value;", "one order of a hundred times the mean wins", [REVENUE]),
    "orders-vary-too-little": (
        RANK + "revenue.c", "squares += arms[k].revenue_squares / (mean * mean) - c;",
        "squares += 0.1 * (arms[k].revenue_squares / (mean * mean) - c);",
        "intervals of revenue that hold half of what they say", [REVENUE]),
    "skew-forgotten": (
        RANK + "product.c", "double tilt = x->third / x->variance;", "double tilt = 0;",
        "the ends of intervals of revenue are off", [UNIT + "product_test"]),
    "margin-forgotten": (
        RANK + "guard.c", "product_above(&ratio, 1 + rule->margin)", "product_above(&ratio, 1)",
        "texts as good as the control are paused when one looks often", [GUARD]),
    "floor-of-harm-forgotten": (
        RANK + "guard.c", "product_above(&rate, rule->floor));", "1.0);",
        "a text is paused for a handful of complaints in a hundred thousand", [GUARD]),
    "few-events-pause": (
        RANK + "guard.c", "if (variant->events < rule->least)", "if (variant->events < 1)",
        "one angry reader pauses a text", [GUARD]),
    "limit-of-others-ignored": (
        RANK + "guard.c", "if (out->reason == GUARD_FINE && over > GUARD_CHANCE)",
        "if (out->reason == GUARD_FINE && over > 2)",
        "mailbox providers block the sender, for all texts are as bad", [GUARD]),
    "size-for-half-the-lift": (
        RANK + "plan.c", "double step = rate * lift;", "double step = 2 * rate * lift;",
        "a quarter of the traffic that is needed is said to be enough",
        [PLAN, "e2e:test_simulate.py::test_what_it_says"]),
    "rest-of-the-batch-lost": (
        RANK + "plan.c", "    n[most] += left;\n", "",
        "small forecasts forget part of the traffic", [PLAN]),
}
