// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// The header list that this object owns.
@safe struct CurlHeaders: ~Copyable {
    private let first: UnsafeMutablePointer<curl_slist>?

    init(_ lines: [String]) throws(CurlError) {
        var first: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe curl_slist_append(first, line) else {
                unsafe curl_slist_free_all(first)
                throw CurlError(CURLE_OUT_OF_MEMORY)
            }
            unsafe first = longer
        }
        unsafe self.first = first
    }

    deinit { unsafe curl_slist_free_all(first) }

    /// Lends the list to a closure; the pointer must not escape.
    func withUnsafePointer(
        _ body: (UnsafeMutablePointer<curl_slist>?) throws(CurlError) -> Void
    ) throws(CurlError) { try unsafe body(first) }
}
