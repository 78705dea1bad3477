/* user_fields.c: see user_fields.h. Depth is bounded by the parser (32). */
#include "workers/users/user_fields.h"
#include "core/base/json_out.h"
#include "core/base/names.h"
#include <string.h>

#define NAME_MAX_BYTES 24

/* Folded: lower case, nothing but letters and digits. Objects such as "customer" count
 * with all that is in them. */
static const char *const names[] = {"u",
                                    "user",
                                    "uid",
                                    "userid",
                                    "useremail",
                                    "username",
                                    "anonymousid",
                                    "previousid",
                                    "clientid",
                                    "appinstanceid",
                                    "deviceid",
                                    "distinctid",
                                    "externalid",
                                    "contactid",
                                    "profileid",
                                    "subscriberid",
                                    "sessionid",
                                    "email",
                                    "emails",
                                    "contactemail",
                                    "mail",
                                    "phone",
                                    "phonenumber",
                                    "msisdn",
                                    "em",
                                    "ph",
                                    "recipient",
                                    "customer",
                                    "customerid",
                                    "userdata",
                                    "userproperties",
                                    "traits",
                                    "fbp",
                                    "fbc",
                                    "ip",
                                    "ipaddress",
                                    "browserip",
                                    "clientipaddress",
                                    "clientuseragent",
                                    "useragent",
                                    "clientdetails",
                                    "billingaddress",
                                    "shippingaddress",
                                    "firstname",
                                    "lastname"};

bool user_fields_is(const char *name, size_t n)
{
    char folded[NAME_MAX_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        if (c == '_' || c == '-' || c == '$')
            continue;
        if (used + 1 == sizeof folded || c == '\0')
            return false;
        folded[used++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    folded[used] = '\0';
    return names_index(names, folded) >= 0;
}

static bool is_user(const struct json *member)
{
    const char *name = json_key(member);
    return name && user_fields_is(name, strlen(name));
}

static bool is_leaf(const struct json *j)
{
    return json_type(j) == JSON_STRING || json_type(j) == JSON_NUMBER;
}

static bool is_text(const struct json *j, const char *user)
{
    if (json_type(j) == JSON_STRING)
        return strcmp(json_str(j, ""), user) == 0;
    struct buf text; /* ids that are sent as numbers */
    buf_init(&text, 64);
    bool same = !json_print(j, &text) && strcmp(buf_str(&text), user) == 0;
    buf_fini(&text);
    return same;
}

/* NULL: anything. */
static bool holds(const struct json *j, const char *user, bool inside)
{
    if (is_leaf(j))
        return inside && (!user || is_text(j, user));
    json_each (child, j) {
        if (holds(child, user, inside || is_user(child)))
            return true;
    }
    return false;
}

bool user_fields_hold(const struct json *j, const char *user)
{
    return holds(j, user, false);
}

bool user_fields_any(const struct json *j)
{
    return holds(j, NULL, false);
}

static void print(const struct json *j, struct json_out *w, bool inside)
{
    bool object = json_type(j) == JSON_OBJECT;
    if (is_leaf(j) && inside) {
        json_out_str(w, USER_FIELDS_BLANK);
    } else if (object || json_type(j) == JSON_ARRAY) {
        json_out_open(w, object ? '{' : '[');
        json_each (child, j) {
            if (object)
                json_out_key(w, json_key(child));
            print(child, w, inside || is_user(child));
        }
        json_out_close(w, object ? '}' : ']');
    } else {
        json_out_json(w, j);
    }
}

enum err user_fields_print(const struct json *j, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    print(j, &w, false);
    return buf_status(out);
}
