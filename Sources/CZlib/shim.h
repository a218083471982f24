// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <zlib.h>

/// Starts decoding gzip only; a function, because inflateInit2 is a macro that Swift cannot import.
static inline int steelyard_inflate_gzip(z_stream *stream) {
    return inflateInit2(stream, 16 + MAX_WBITS);
}
