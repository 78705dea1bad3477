/* hash.c: CRC16, a stable 64-bit hash, and SHA by libcrypto. */
#include "core/base/hash.h"
#include "core/base/err.h"

#define ERR_STATE OPENSSL_ERR_STATE /* a type of OpenSSL has the name of our error */
#include <openssl/evp.h>
#undef ERR_STATE
#include <string.h>

#define HMAC_BLOCK 64 /* bytes of a block of SHA-256 */

/* Polynomial 0x1021, start 0, not reflected. Keys are short and hashed once per
 * command, so four bits a step from 32 bytes of table are enough. */
uint16_t hash_crc16(const void *bytes, size_t n)
{
    static const uint16_t nibble[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
    };
    const unsigned char *p = bytes;
    unsigned crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc = (crc << 4 ^ nibble[(crc >> 12 ^ p[i] >> 4) & 15]) & 0xffff;
        crc = (crc << 4 ^ nibble[(crc >> 12 ^ p[i]) & 15]) & 0xffff;
    }
    return (uint16_t)crc;
}

uint64_t hash_mix(uint64_t x)
{
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 33;
}

uint64_t hash_fast(const void *bytes, size_t n, uint64_t seed)
{
    const unsigned char *p = bytes;
    /* the seed is mixed first: xor-ed in plain, seeds 0 1 2 … would only permute
     * first bytes. mix(0) = 0, so seed 0 is plain FNV-1a. */
    uint64_t h = 0xcbf29ce484222325u ^ hash_mix(seed);
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return hash_mix(h);
}

uint64_t hash_fast_str(const char *s, uint64_t seed)
{
    return hash_fast(s, strlen(s), seed);
}

void hash_hex(const unsigned char *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = "0123456789abcdef"[bytes[i] >> 4];
        *out++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *out = '\0';
}

static void digest_hex(const void *bytes, size_t n, const EVP_MD *kind, char *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int ok = EVP_Digest(bytes, n, digest, &len, kind, NULL);
    check(ok == 1);
    hash_hex(digest, len, out);
}

void hash_sha256_hex(const void *bytes, size_t n, char out[HASH_SHA256_HEX])
{
    digest_hex(bytes, n, EVP_sha256(), out);
}

void hash_sha1_hex(const void *bytes, size_t n, char out[HASH_SHA1_HEX])
{
    digest_hex(bytes, n, EVP_sha1(), out);
}

/* SHA-256 over the padded key and the bytes. */
static void keyed(EVP_MD_CTX *ctx, const unsigned char key[HMAC_BLOCK],
                  unsigned char pad, const void *bytes, size_t n,
                  unsigned char out[HASH_HMAC_BYTES])
{
    unsigned char block[HMAC_BLOCK];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = key[i] ^ pad;
    int ok = EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
             EVP_DigestUpdate(ctx, block, sizeof block) &&
             EVP_DigestUpdate(ctx, bytes, n) && EVP_DigestFinal_ex(ctx, out, NULL);
    check(ok == 1);
}

/* Of plain digests: libcrypto's own HMAC costs three times as much for a short text. */
void hash_hmac(const void *key, size_t key_len, const void *bytes, size_t n,
               unsigned char out[HASH_HMAC_BYTES])
{
    unsigned char block[HMAC_BLOCK] = {0}, inner[HASH_HMAC_BYTES];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    check(ctx);
    if (key_len > sizeof block) {
        int ok = EVP_Digest(key, key_len, block, NULL, EVP_sha256(), NULL);
        check(ok == 1);
    } else if (key_len) {
        memcpy(block, key, key_len);
    }
    keyed(ctx, block, 0x36, bytes, n, inner);
    keyed(ctx, block, 0x5c, inner, sizeof inner, out);
    EVP_MD_CTX_free(ctx);
}
