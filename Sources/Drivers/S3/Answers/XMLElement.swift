// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An element of a short XML document: its name, text and child elements.
///
/// The parser covers S3's few responses: elements, text, CDATA, comments and references. It skips attributes, name
/// space prefixes and processing instructions, and rejects a document type, which could define entities.
struct XMLElement: Hashable {
    /// The name, without a name space prefix.
    let name: String
    /// The text of the element itself.
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// The greatest nesting depth of elements.
    private static let greatestDepth = 16
    /// The greatest number of elements in a document.
    private static let greatestCount = 20_000

    /// Parses a document.
    ///
    /// - Returns: nil if it is not well-formed, is truncated, or has too many elements.
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
                    // Anything after the root element is ignored.
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

    /// The first child element of this name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Returns the text of the first child element of this name, without surrounding white space.
    func text(of name: String) -> String? { self[name].map { Self.trimmed($0.text) } }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
