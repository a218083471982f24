// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// The error document in the content of an S3 store's response.
struct S3ErrorBody: Hashable {
    /// The error code, such as `NoSuchBucket`.
    let code: String
    /// The error message.
    let message: String
    /// The region that the store expects, if it names one.
    let region: String?

    /// Parses the content of a response.
    ///
    /// - Returns: nil if it is not an error document.
    init?(_ answer: StoreAnswer) {
        guard let document = XMLElement(answer.content) else { return nil }
        // Some stores wrap the error in a list.
        let element = document.name == "Error" ? document : document["Error"] ?? document["Errors"]?["Error"]
        guard let element, let code = element.text(of: "Code"), !code.isEmpty else { return nil }
        self.code = code
        message = element.text(of: "Message") ?? ""
        region = element.text(of: "Region")
    }
}
