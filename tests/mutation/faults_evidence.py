"""More faults, as in faults.py: what is said of winners, and the counts it rests on."""

SRM, LEVELS, CERTIFICATE, POSTERIOR = (
    f"campaigns/ranking/{name}.c" for name in ("srm", "levels", "certificate", "posterior"))
UNIT = "unit:campaigns.ranking."

FAULTS = {
    "srm-small-arms-left-out": (
        SRM, "    cells->observed[least] += observed;\n", "",
        "an arm that must not be shown, and is, raises no alarm", [UNIT + "srm_test"]),
    "srm-odd-freedom": (
        SRM, "odd ? erfc(sqrt(half)) : 0", "0", "alarms in tests of two arms that are sound",
        [UNIT + "srm_test"]),
    "srm-unscaled-shares": (
        SRM, "total * (shares[k] / sum)", "total * shares[k]",
        "shares that do not sum to 1 raise an alarm", [UNIT + "srm_test"]),
    "certificate-one-of-many": (
        CERTIFICATE, "log(comparisons / ALPHA)", "log(1 / ALPHA)",
        "with eight arms a winner is proven that is none", [UNIT + "certificate_test"]),
    "certificate-pools-epochs": (
        CERTIFICATE, "log((na * r + nb) / (na + nb))", "log(r)",
        "a level that moves proves a winner", [UNIT + "certificate_test"]),
    "certificate-proves-losers": (
        CERTIFICATE, "out->evidence > bar && best > 0", "out->evidence > bar",
        "the worse of two is called proven", [UNIT + "certificate_test"]),
    "certificate-against-the-weakest": (
        CERTIFICATE, "|| is_weaker(&one, out)", "|| is_weaker(out, &one)",
        "a leader is proven against the worst arm", [UNIT + "certificate_test"]),
    "certificate-without-a-penalty": (
        CERTIFICATE, "log(sum * h / scale)", "log(sum * h)",
        "a winner is proven a little too early", [UNIT + "certificate_test"]),
    "level-taken-for-known": (
        POSTERIOR, "double added = part * part", "double added = 0 * part",
        "four intervals of five cover the rate at first", [UNIT + "posterior_test"]),
    "levels-as-sure-as-before": (
        LEVELS, "fmin(1, fmax(0, kept / whole))", "1",
        "counts of other hours are taken for more than they say", [UNIT + "levels_test"]),
    "levels-always": (
        LEVELS, "    if (!result->found)\n        return ERR_OK;\n", "    result->spread += 1;\n",
        "certainty is given away where nothing moved", [UNIT + "levels_test"]),
    "levels-unheeded": (
        LEVELS, "result->spread * result->spread);\n    fit_run(&fit);", "1e-9);\n    fit_run(&fit);",
        "the arm that was shown by day is named the winner", [UNIT + "levels_test"]),
}
