// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The status of a redirection: the field `redirect_http_code`.
public enum RedirectCode: Int, CaseIterable, Sendable {
    case movedPermanently = 301
    case found = 302
    case seeOther = 303
    case temporaryRedirect = 307
    case permanentRedirect = 308

    /// Validates a status.
    ///
    /// - Throws: `InvalidValue` for any other number.
    public init(_ number: Int) throws(InvalidValue) {
        guard let code = RedirectCode(rawValue: number) else {
            throw InvalidValue("must be 301, 302, 303, 307 or 308, not \(number)")
        }
        self = code
    }
}
