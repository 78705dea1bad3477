"""More faults, as in faults.py: time zones, and when a cron expression fires."""

CIVIL, ZONE, RULE, CRON, PARSE = (
    f"core/base/{name}.c" for name in ("civil", "zone", "zone_rule", "cron", "cron_parse"))
FILE = "core/io/zone_file.c"
ZONES, RULES, NEXT, TEXT, FILES = (
    f"unit:core.{name}_test" for name in ("base.zone", "base.zone_rule", "base.cron",
                                          "base.cron_parse", "io.zone_file"))

FAULTS = {
    "leap-year-1900": (
        CIVIL, "(year % 100 != 0 || year % 400 == 0)", "true",
        "from 2100 on everything is a day off", ["unit:core.base.civil_test"]),
    "zone-file-trusted": (
        ZONE, "    if (n > r->left)\n        return NULL;\n", "",
        "a cut file of tzdata is read past its end", [ZONES]),
    "zone-changes-unbounded": (
        ZONE, "if (c->changes > ZONE_CHANGES_MAX)", "if (c->changes > ZONE_CHANGES_MAX + 1)",
        "a long file writes behind the zone", [ZONES]),
    "zone-kinds-unchecked": (
        ZONE, "if (types[i] >= c->types || (i", "if ((i",
        "a damaged file gives offsets out of nowhere", [ZONES]),
    "zone-order-unchecked": (
        ZONE, "(i && at <= last) || ", "", "a damaged file is searched as if in order", [ZONES]),
    "zone-leaps-ignored": (
        ZONE, "    if (c->leaps)", "    if (false)",
        "with a zone of right/ all campaigns run half a minute late", [ZONES]),
    "zone-table-for-ever": (
        ZONE, "    if (!z->has_rule || !is_last)", "    if (true)",
        "from 2038 on there is no summer time", [ZONES, NEXT]),
    "zone-rule-too-early": (
        ZONE, "    if (span.start_s < last_s)\n        span.start_s = last_s;\n", "",
        "a rule reaches back over the last change of the table", [ZONES]),
    "wall-second-forgotten": (
        ZONE, "is_first ? at_s : found.first_s", "at_s",
        "a time that comes twice is only known the second time", [ZONES]),
    "zone-name-any": (
        ZONE, '!strchr("_+-/", c)', '!strchr("_+-/.", c)',
        "a spec reads files beside the database", [ZONES, FILES]),
    "rule-last-week-five": (
        RULE, "    while (day >= civil_month_days(year, c->month))\n        day -= 7;", "    ;",
        "summer time begins in April where March has four Sundays", [RULES]),
    "rule-julian-leap": (
        RULE, "(civil_is_leap(year) && day > march) - 1", "-1",
        "a day of Jn is one too early after 29 February", [RULES]),
    "rule-ends-in-standard": (
        RULE, "change_at(&r->ends, year, r->summer_s)", "change_at(&r->ends, year, r->standard_s)",
        "summer time ends an hour late", [RULES]),
    "rule-year-before": (
        RULE, "now - 2 + i / 2", "now + i / 2", "January in the south has no summer time",
        [RULES]),
    "rule-all-year-ends": (
        RULE, "at <= utc_s && at >= *start_s", "at <= utc_s && at > *start_s",
        "a zone with summer time all year loses it at New Year", [RULES]),
    "rule-rest-ignored": (
        RULE, "take_change(&r, &rule->ends) &&\n           r.at == r.end;",
        "take_change(&r, &rule->ends);", "a damaged rule is taken for a whole one", [RULES]),
    "cron-at-once-again": (
        CRON, "from_s = after_s + 1;", "from_s = after_s;",
        "a campaign that has just fired fires again without end", [NEXT]),
    "cron-skipped-lost": (
        CRON, "if (!c->real_time && is_skipped(", "if (false && is_skipped(",
        "a campaign at half past two is left out in spring", [NEXT]),
    "cron-skipped-all": (
        CRON, "if (!c->real_time && is_skipped(", "if (is_skipped(",
        "a job of each half hour fires beside its time in spring", [NEXT]),
    "cron-twice": (
        CRON, "c->real_time ? INT64_MIN : first_new_wall(z, &span)", "INT64_MIN",
        "a campaign at half past two is sent twice in autumn", [NEXT]),
    "cron-hour-lost": (
        CRON, "c->real_time ? INT64_MIN : first_new_wall(z, &span)", "first_new_wall(z, &span)",
        "a job of each half hour pauses for an hour in autumn", [NEXT]),
    "cron-lost-day-runs": (
        CRON, "next->offset_s - span->offset_s < JUMP_S", "true",
        "the jobs of a day that was left out are run at midnight", [NEXT]),
    "cron-day-and": (
        CRON, "c->either_day ? of_month || of_week : ", "",
        "the 13th and Fridays becomes Friday the 13th", [NEXT]),
    "cron-eight-years": (
        CRON, "#define YEARS 41", "#define YEARS 28", "a rare job never fires", [NEXT]),
    "cron-same-day": (
        CRON, "minute < 0 ? day + 1 : day", "day", "a daily job misses its next day", [NEXT]),
    "cron-star-step": (
        PARSE, "stars[i] = is_at(r, '*');",
        "stars[i] = is_at(r, '*') && (r->at + 1 == r->end || r->at[1] != '/');",
        "*/2 counts as a time of day", [TEXT]),
    "cron-sunday-7": (
        PARSE, "(masks[WEEKDAY] | masks[WEEKDAY] >> SUNDAY)", "masks[WEEKDAY]",
        "day 7 never comes", [TEXT]),
    "cron-weekend": (
        PARSE, "        *last = SUNDAY;\n", "        *last = 0;\n",
        "SAT-SUN is refused", [TEXT]),
    "cron-number-overflows": (
        PARSE, "        n = n < NUMBER_MAX ? n : NUMBER_MAX;\n", "",
        "a long number is taken for a short one", [TEXT]),
    "cron-range-unchecked": (
        PARSE, "if (*value >= r->field->min && *value <= r->field->max)", "if (true)",
        "minute 75 is a shift too far", [TEXT]),
    "cron-never": (
        PARSE, "c->days & ((UINT64_C(2) << days) - 1)", "true",
        "a campaign for 30 February waits for ever", [TEXT]),
    "zone-utc-wants-a-file": (
        FILE, 'if (strcmp(name, "UTC") == 0)', "if (false)",
        "nothing repeats where tzdata is not installed", [FILES]),
    "zone-folder-ignored": (
        FILE, "    if (!folder || !*folder)\n", "", "TZDIR is not heeded", [FILES]),
    "zone-of-a-folder": (
        FILE, "stat(path, &st) == 0 ? S_ISREG(st.st_mode)", "stat(path, &st) == 0 ? true",
        "Europe is reported as a broken disk", [FILES]),
}
