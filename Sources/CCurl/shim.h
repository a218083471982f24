// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>

// Swift cannot import the variadic functions curl_easy_setopt and curl_easy_getinfo; each function below fixes the type
// of one argument, so that a wrong type is a compile error.
static inline CURLcode steelyard_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode steelyard_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode steelyard_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode steelyard_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode steelyard_curl_set_headers(CURL *handle, struct curl_slist *value) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, value);
}

typedef size_t (*steelyard_curl_transfer)(char *buffer, size_t size, size_t count, void *context);

static inline CURLcode steelyard_curl_set_transfer(CURL *handle, CURLoption option, steelyard_curl_transfer value) {
    return curl_easy_setopt(handle, option, value);
}

typedef int (*steelyard_curl_progress)(void *context, curl_off_t download_total, curl_off_t downloaded,
                                       curl_off_t upload_total, curl_off_t uploaded);

static inline CURLcode steelyard_curl_set_progress(CURL *handle, steelyard_curl_progress value) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode steelyard_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

typedef curl_socket_t (*steelyard_curl_open_socket)(void *context, curlsocktype purpose, struct curl_sockaddr *target);

static inline CURLcode steelyard_curl_set_open_socket(CURL *handle, steelyard_curl_open_socket value) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, value);
}

// Formats the address without a zone; returns 0 if it is neither IPv4 nor IPv6. The member addr has room for both.
static inline int steelyard_curl_address_text(const struct curl_sockaddr *target, char *text, size_t size) {
    if (target->family == AF_INET && target->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in address;
        memcpy(&address, &target->addr, sizeof address);
        return inet_ntop(AF_INET, &address.sin_addr, text, (socklen_t)size) != NULL;
    }
    if (target->family == AF_INET6 && target->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 address;
        memcpy(&address, &target->addr, sizeof address);
        return inet_ntop(AF_INET6, &address.sin6_addr, text, (socklen_t)size) != NULL;
    }
    return 0;
}
