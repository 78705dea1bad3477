/* pii_find.h: personal data that has a form of its own, found in a text: e-mail
 * addresses, phone numbers (E.164 with its plus, mobile numbers of mainland China),
 * payment cards (Luhn), IBANs (mod 97), resident identity numbers of China
 * (GB 11643-1999), IPv4 addresses. Only ASCII is found, and names, streets and numbers
 * without a plus are not. Numbers may be written in groups. Pure. */
#ifndef BARKER_CAMPAIGNS_CHECKS_PII_FIND_H
#define BARKER_CAMPAIGNS_CHECKS_PII_FIND_H

#include <stdbool.h>
#include <stddef.h>

enum pii_kind { PII_EMAIL, PII_PHONE, PII_CARD, PII_IBAN, PII_ID, PII_IP, PII_KINDS };
const char *pii_kind_name(enum pii_kind k); /* "email" … */

struct pii_place {
    enum pii_kind kind;
    size_t at, len;
};
/* The first one in text[from, n), as if nothing stood before. What is found is
 * printable ASCII without quotes and backslashes, so it can stand in a JSON string as
 * it is. */
bool pii_find(const char *text, size_t n, size_t from, struct pii_place *out);

#endif
