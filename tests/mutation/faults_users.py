"""More faults, as in faults.py: what is known of users."""

ENTRY = "workers/feedback/feedback_entry.c"
ENTRIES = "unit:workers.feedback.feedback_entry_test"
USERS, ASSIGN = "e2e:test_users.py", "e2e:test_assign.py"
CHOICE, LINES = "workers/decide/choice.c", "workers/cli/lines.c"
CHOICES = "unit:workers.decide.choice_test"

FAULTS = {
    "users-without-a-key": (
        "workers/users/pseudonym.c", "hash_hmac(secret, strlen(secret), user, strlen(user), bytes);",
        'hash_hmac("", 0, user, strlen(user), bytes);',
        "who reads Redis finds out users by trying ids, whatever the secret",
        ["unit:workers.users.pseudonym_test", ENTRIES]),
    "users-kept-as-they-are": (
        ENTRY, ".user = name_user(r, e->user),", ".user = arena_strdup(r->arena, e->user),",
        "ids of users are stored", [ENTRIES]),
    "users-in-refused-fields": (
        ENTRY, "if (i % 2 && user_fields_is(words[i - 1].at, words[i - 1].len))", "if (false)",
        "the id of a user is kept for weeks because another field was wrong", [ENTRIES, USERS]),
    "users-in-refused-json": (
        ENTRY, "if (root && user_fields_any(root)) {", "if (false) {",
        "the id of a user is kept for weeks because another member was wrong", [ENTRIES, USERS]),
    "a-secret-of-a-byte": (
        "core/base/config.c", "*value && strlen(value) < CONFIG_SECRET_MIN", "!*value",
        "a secret that can be tried is taken", ["unit:core.base.config_test", USERS]),
    "stopped-goes-on": (
        CHOICE, "    if (s->reason)\n        return", "    if (false)\n        return",
        "a paused campaign goes on with its experiment", [CHOICES, ASSIGN]),
    "holdout-forgotten": (
        CHOICE, "s->holdout > 0 && assign_is_holdout(s->campaign, user, s->holdout)", "false",
        "users who should get nothing get a variant", [CHOICES, ASSIGN]),
    "assign-by-chance": (
        "workers/users/pseudonym.c", "n = add(text, n, user);", "(void)user;",
        "all users of a list have one impression", [ASSIGN, "unit:workers.users.pseudonym_test"]),
    "marks-without-a-key": (
        "workers/users/pseudonym.c", "hash_hmac(secret, strlen(secret), text,", 'hash_hmac("", 0, text,',
        "who sees an impression finds out its user by trying ids", [ASSIGN]),
    "half-a-list": (
        "workers/cli/cmd_assign.c", "if (a->unwritten || fflush(stdout) != 0) {", "if (false) {",
        "a list that was cut is taken for a whole one", [ASSIGN]),
    "long-lines-are-cut": (
        LINES, "    if (buf_status(&l->line))\n        return LINES_LONG;\n", "",
        "the beginning of a long line is taken for a user", [ASSIGN]),
    "mark-in-the-first-user": (
        LINES, "buf_consume(line, mark);", "(void)line;",
        "the first user of a list from a spreadsheet is another one", [ASSIGN]),
}
