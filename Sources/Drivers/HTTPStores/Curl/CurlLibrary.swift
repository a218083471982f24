// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// The global initialization of libcurl, once before the first handle.
enum CurlLibrary {
    private static let initialization = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    static func prepare() throws(CurlError) {
        guard initialization == CURLE_OK else { throw CurlError(initialization) }
    }
}
