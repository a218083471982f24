// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// The error that an S3 store describes in the content of an answer.
struct S3ErrorBody: Hashable {
    /// Its code, such as `NoSuchBucket`.
    let code: String
    /// Its sentence.
    let message: String
    /// The region that the store expects, where it names one.
    let region: String?

    /// Reads the content of an answer.
    ///
    /// - Returns: nil if it describes no error.
    init?(_ answer: StoreAnswer) {
        guard let document = XMLElement(answer.content) else { return nil }
        // Some stores put the error into a list of errors.
        let element = document.name == "Error" ? document : document["Error"] ?? document["Errors"]?["Error"]
        guard let element, let code = element.text(of: "Code"), !code.isEmpty else { return nil }
        self.code = code
        message = element.text(of: "Message") ?? ""
        region = element.text(of: "Region")
    }
}
