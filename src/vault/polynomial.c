/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/polynomial.h"

#include "crypto/random.h"

#define TOP_BIT (UINT64_C(1) << POLYNOMIAL_DEGREE)

uint64_t polynomial_multiply(uint64_t a, uint64_t b, uint64_t modulus)
{
    uint64_t product = 0;
    for (; b; b >>= 1) {
        if (b & 1)
            product ^= a;
        a <<= 1;
        if (a & TOP_BIT)
            a ^= modulus;
    }
    return product;
}

/* Rabin's test. The degree, 53, is prime, so p is irreducible exactly when x^(2^53) = x (mod p) and p has no
 * factor of degree one: neither x (constant term 1) nor x + 1 (an odd number of terms). */
bool polynomial_is_irreducible(uint64_t polynomial)
{
    if (polynomial >> POLYNOMIAL_DEGREE != 1 || !(polynomial & 1) ||
        __builtin_popcountll(polynomial) % 2 == 0)
        return false;
    uint64_t power = 2;
    for (int i = 0; i < POLYNOMIAL_DEGREE; i++)
        power = polynomial_multiply(power, power, polynomial);
    return power == 2;
}

uint64_t polynomial_random(void)
{
    uint64_t polynomial;
    do {
        random_bytes(&polynomial, sizeof polynomial);
        polynomial = (polynomial & (TOP_BIT - 1)) | TOP_BIT | 1;
    } while (!polynomial_is_irreducible(polynomial));
    return polynomial;
}
