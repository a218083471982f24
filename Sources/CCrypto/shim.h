// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/// Counts the certificates in a PEM text; skips other blocks.
///
/// Returns -1 if one of them is corrupt; `found` is then the number of certificates before it.
static inline int steelyard_pem_certificates(const void *text, int length, int *found) {
    *found = 0;
    BIO *source = BIO_new_mem_buf(text, length);
    if (!source) return -1;
    ERR_clear_error();
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509_AUX(source, NULL, NULL, NULL))) {
        X509_free(certificate);
        *found += 1;
    }
    unsigned long error = ERR_peek_last_error();
    int is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(source);
    return is_end ? *found : -1;
}
