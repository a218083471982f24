// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An element of a short XML document: its name, its text, and the elements in it.
///
/// The reader is for the few answers of S3: it knows elements, text, character data, comments and references. Attributes,
/// name space prefixes and processing instructions are skipped. A document type, which could define entities, is refused.
struct XMLElement: Hashable {
    /// The name, without the prefix of a name space.
    let name: String
    /// The text that is directly in it.
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// How deep elements may be in each other.
    private static let greatestDepth = 16
    /// How many elements a document may have.
    private static let greatestCount = 20_000

    /// Reads a document.
    ///
    /// - Returns: nil if it is no well-formed XML, if it ends too early, or if it has too many elements.
    init?(_ bytes: [UInt8]) {
        var reader = XMLReader(bytes)
        var open: [XMLElement] = []
        var count = 0
        while let token = reader.next() {
            switch token {
            case .text(let text):
                if open.isEmpty {
                    guard text.allSatisfy(\.isWhitespace) else { return nil }
                } else {
                    open[open.count - 1].text += text
                }
            case .start(let name):
                count += 1
                guard open.count < Self.greatestDepth, count <= Self.greatestCount else { return nil }
                open.append(XMLElement(name: name))
            case .end(let name):
                guard let element = open.popLast(), name == nil || name == element.name else { return nil }
                guard !open.isEmpty else {
                    // What follows the root element is of no interest.
                    self = element
                    return
                }
                open[open.count - 1].children.append(element)
            case .invalid: return nil
            }
        }
        return nil
    }

    private init(name: String) { self.name = name }

    /// The first element of this name that is directly in this one.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text of the first element of this name that is directly in this one, without white space at its ends.
    func text(of name: String) -> String? { self[name].map { Self.trimmed($0.text) } }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
