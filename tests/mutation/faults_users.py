"""More faults, as in faults.py: what is known of users."""

ENTRY = "workers/feedback/feedback_entry.c"
ENTRIES = "unit:workers.feedback.feedback_entry_test"
USERS = "e2e:test_users.py"

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
}
