/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Polynomials over GF(2) of degree 53: bit i of the number is the coefficient of x^i. Every repository has
 * one of its own, so that chunk sizes in one tell nothing about another.
 */
#ifndef VAULT_POLYNOMIAL_H
#define VAULT_POLYNOMIAL_H

#include <stdbool.h>
#include <stdint.h>

#define POLYNOMIAL_DEGREE 53

/* The product of two polynomials below the degree, modulo `modulus`. */
uint64_t polynomial_multiply(uint64_t a, uint64_t b, uint64_t modulus);
/* Whether it has degree 53 and no factors. */
bool polynomial_is_irreducible(uint64_t polynomial);
/* A random irreducible one. */
uint64_t polynomial_random(void);

#endif
