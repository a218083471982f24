// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// libcurl as a whole, which has to be made ready once, before the first handle.
enum CurlLibrary {
    private static let initialization = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    static func prepare() throws(CurlError) {
        guard initialization == CURLE_OK else { throw CurlError(initialization) }
    }
}
