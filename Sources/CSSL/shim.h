// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/err.h>
#include <openssl/asn1t.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

// Swift cannot import the following OpenSSL macros; each function below fixes the types that a macro leaves open.

static inline int steelyard_ssl_require_tls_1_2(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/// Enables partial writes, retries from another address, and no buffers for an idle connection.
static inline void steelyard_ssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
}

static inline void steelyard_ssl_set_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

static inline int steelyard_ssl_set_server_name_indication(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

static inline int steelyard_ssl_refuse_passphrase(char *buffer, int size, int is_writing, void *was_asked) {
    (void)buffer, (void)size, (void)is_writing;
    if (was_asked) *(int *)was_asked = 1;
    return -1;
}

/// Rejects each request for a passphrase; by default, OpenSSL prompts on the terminal.
///
/// Such a request sets `was_asked` to 1; it must outlive the context or be replaced by NULL.
static inline void steelyard_ssl_refuse_passphrases(SSL_CTX *context, int *was_asked) {
    SSL_CTX_set_default_passwd_cb(context, steelyard_ssl_refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, was_asked);
}

/// Returns the errno of an entry of the error queue; 0 if a system call is not the cause.
static inline int steelyard_ssl_system_error(unsigned long error) {
    return ERR_SYSTEM_ERROR(error) ? ERR_GET_REASON(error) : 0;
}

static inline int steelyard_ssl_library(unsigned long error) { return ERR_GET_LIB(error); }

static inline int steelyard_ssl_reason(unsigned long error) { return ERR_GET_REASON(error); }

/// Returns the number of subject alternative names.
static inline int steelyard_ssl_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/// Returns the bytes of a subject alternative name and their number; -1 if it is neither a DNS name nor an IP address.
static inline int steelyard_ssl_name(const GENERAL_NAMES *names, int index, int *is_address,
                                     const unsigned char **bytes) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    int type = 0;
    const ASN1_STRING *value = name ? GENERAL_NAME_get0_value(name, &type) : NULL;
    if (!value || (type != GEN_DNS && type != GEN_IPADD)) return -1;
    *is_address = type == GEN_IPADD;
    *bytes = ASN1_STRING_get0_data(value);
    return ASN1_STRING_length(value);
}

static inline int steelyard_ssl_certificate_count(const STACK_OF(X509) *chain) { return sk_X509_num(chain); }

/// Returns a certificate of a chain, owned by the chain; the first is the peer's.
static inline X509 *steelyard_ssl_certificate(const STACK_OF(X509) *chain, int index) {
    return sk_X509_value(chain, index);
}

/// Converts a certificate's time to seconds since 1970. Returns 0 if the time is invalid.
static inline int steelyard_ssl_seconds(const ASN1_TIME *time, int64_t *seconds) {
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    *seconds = timegm(&parts);
    return 1;
}

/// The bytes of a memory BIO, owned by the BIO.
static inline long steelyard_ssl_memory(BIO *memory, const char **bytes) {
    char *start = NULL;
    long count = BIO_get_mem_data(memory, &start);
    *bytes = start;
    return count;
}

/// Reads a certificate in PEM; the caller frees it. An encrypted block is an error, not a prompt on the terminal.
static inline X509 *steelyard_ssl_read_certificate(BIO *source) {
    return PEM_read_bio_X509(source, NULL, steelyard_ssl_refuse_passphrase, NULL);
}

/// Reads a certificate revocation list in PEM; the caller frees it.
static inline X509_CRL *steelyard_ssl_read_revocations(BIO *source) {
    return PEM_read_bio_X509_CRL(source, NULL, steelyard_ssl_refuse_passphrase, NULL);
}

static inline long steelyard_ssl_count(const ASN1_INTEGER *number) {
    int64_t count = 0;
    return number && ASN1_INTEGER_get_int64(&count, number) == 1 && count >= 0 && count < INT32_MAX ? (long)count : INT32_MAX;
}

/// Returns the iterations that decrypt a private key (PKCS #8); INT32_MAX if they are not known.
static inline long steelyard_ssl_iterations(const X509_SIG *key) {
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    const void *parameter = NULL;
    int type = 0;
    long count = INT32_MAX;
    X509_SIG_get0(key, &algorithm, NULL);
    X509_ALGOR_get0(&object, &type, &parameter, algorithm);
    if (type != V_ASN1_SEQUENCE) return count;
    if (OBJ_obj2nid(object) == NID_pbes2) {
        PBE2PARAM *second = (PBE2PARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
        if (second && second->keyfunc && OBJ_obj2nid(second->keyfunc->algorithm) == NID_id_pbkdf2) {
            PBKDF2PARAM *function =
                (PBKDF2PARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), second->keyfunc->parameter);
            if (function) count = steelyard_ssl_count(function->iter);
            PBKDF2PARAM_free(function);
        }
        PBE2PARAM_free(second);
    } else {
        PBEPARAM *first = (PBEPARAM *)ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
        if (first) count = steelyard_ssl_count(first->iter);
        PBEPARAM_free(first);
    }
    return count;
}

/// Returns the most iterations that decrypt a private key in PEM (PKCS #8); 0 if none is encrypted in this way.
static inline long steelyard_ssl_key_cost(BIO *source) {
    long cost = 0;
    X509_SIG *key;
    while ((key = PEM_read_bio_PKCS8(source, NULL, steelyard_ssl_refuse_passphrase, NULL))) {
        long count = steelyard_ssl_iterations(key);
        if (count > cost) cost = count;
        X509_SIG_free(key);
    }
    return cost;
}

/// A passphrase, and whether it was asked for.
struct steelyard_ssl_passphrase {
    const char *text;
    int length;
    int was_asked;
};

static inline int steelyard_ssl_give_passphrase(char *buffer, int size, int is_writing, void *context) {
    struct steelyard_ssl_passphrase *passphrase = (struct steelyard_ssl_passphrase *)context;
    (void)is_writing;
    passphrase->was_asked = 1;
    if (!passphrase->text || passphrase->length > size) return -1;
    memcpy(buffer, passphrase->text, (size_t)passphrase->length);
    return passphrase->length;
}

/// Reads a private key in PEM; the caller frees it. It never prompts on the terminal.
static inline EVP_PKEY *steelyard_ssl_read_key(BIO *source, struct steelyard_ssl_passphrase *passphrase) {
    return PEM_read_bio_PrivateKey(source, NULL, steelyard_ssl_give_passphrase, passphrase);
}

/// Whether the error queue says that a text has no more PEM blocks. Clears the queue.
static inline int steelyard_ssl_is_end_of_pem(void) {
    unsigned long error = ERR_peek_last_error();
    int is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_end;
}

/// Lets a client finish the handshake with any certificate of the server.
static inline void steelyard_ssl_accept_any(SSL_CTX *context) { SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL); }
