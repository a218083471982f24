// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension SettingReader {
    /// Reads a string.
    public mutating func string(
        _ name: String,
        default: String,
        syntax: String = "text",
        _ help: String,
        check: (String) throws(InvalidValue) -> Void = { (_) throws(InvalidValue) in }
    ) throws(SettingError) -> String {
        try value(
            name,
            default: `default`,
            syntax: syntax,
            help,
            show: { .string($0) },
            parse: { value throws(InvalidValue) in
                let text = try value.string()
                try check(text)
                return text
            }
        )
    }

    /// Reads an optional string.
    public mutating func optionalString(
        _ name: String,
        syntax: String = "text",
        _ help: String,
        check: (String) throws(InvalidValue) -> Void = { (_) throws(InvalidValue) in }
    ) throws(SettingError) -> String? {
        try value(
            name,
            default: nil,
            syntax: syntax,
            help,
            isOptional: true,
            show: Self.show,
            parse: {
                value throws(InvalidValue) in
                let text = try value.string()
                try check(text)
                return text
            }
        )
    }

    /// Reads a list of strings.
    public mutating func strings(
        _ name: String,
        default: [String] = [],
        syntax: String = "list",
        _ help: String
    ) throws(SettingError) -> [String] {
        try value(
            name,
            default: `default`,
            syntax: syntax,
            help,
            show: { .list($0.map { .string($0) }) },
            parse: {
                value throws(InvalidValue) in try value.strings()
            }
        )
    }

    /// Reads a whole number.
    public mutating func integer(
        _ name: String,
        default: Int,
        in range: ClosedRange<Int>,
        _ help: String
    ) throws(SettingError) -> Int {
        try value(
            name,
            default: `default`,
            syntax: Self.syntax(of: range),
            help,
            show: { .integer($0) },
            parse: {
                value throws(InvalidValue) in try value.integer(in: range)
            }
        )
    }

    /// Reads an optional whole number.
    public mutating func optionalInteger(
        _ name: String,
        in range: ClosedRange<Int>,
        _ help: String
    ) throws(SettingError) -> Int? {
        try value(
            name,
            default: nil,
            syntax: Self.syntax(of: range),
            help,
            isOptional: true,
            show: { $0.map { .integer($0) } ?? .null },
            parse: { value throws(InvalidValue) in try value.integer(in: range) }
        )
    }

    /// Reads a boolean.
    public mutating func boolean(_ name: String, default: Bool, _ help: String) throws(SettingError) -> Bool {
        try value(
            name,
            default: `default`,
            syntax: "true or false",
            help,
            show: { .boolean($0) },
            parse: {
                value throws(InvalidValue) in try value.boolean()
            }
        )
    }

    /// Reads a value of an enumeration, by its raw value.
    public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        default: Choice,
        _ help: String
    ) throws(SettingError) -> Choice {
        let names = Choice.allCases.map(\.rawValue)
        return try value(
            name,
            default: `default`,
            syntax: names.joined(separator: ", "),
            help,
            show: { .string($0.rawValue) },
            parse: { value throws(InvalidValue) in
                let name = try value.string()
                guard let choice = Choice(rawValue: name) else {
                    throw InvalidValue("must be one of \(names.joined(separator: ", ")), not \"\(name)\"")
                }
                return choice
            }
        )
    }

    /// Reads the path of a file or a directory; a relative one is resolved against the working directory.
    ///
    /// - Returns: An absolute path.
    public mutating func path(
        _ name: String,
        default: String,
        _ help: String,
        check: (String) throws(InvalidValue) -> Void = { (_) throws(InvalidValue) in }
    ) throws(SettingError) -> String {
        let reader = self
        return try value(
            name,
            default: `default`,
            syntax: "path",
            help,
            show: { .string($0) },
            parse: {
                value throws(InvalidValue) in
                let path = reader.absolute(try value.string())
                try check(path)
                return path
            }
        )
    }

    /// Reads an optional path of a file or a directory.
    ///
    /// - Returns: An absolute path.
    public mutating func optionalPath(
        _ name: String,
        _ help: String,
        check: (String) throws(InvalidValue) -> Void = { (_) throws(InvalidValue) in }
    ) throws(SettingError) -> String? {
        let reader = self
        return try value(
            name,
            default: nil,
            syntax: "path",
            help,
            isOptional: true,
            show: Self.show,
            parse: {
                value throws(InvalidValue) in
                let path = reader.absolute(try value.string())
                try check(path)
                return path
            }
        )
    }

    /// Reads a list of paths.
    ///
    /// - Returns: Absolute paths.
    public mutating func paths(
        _ name: String,
        _ help: String,
        check: (String) throws(InvalidValue) -> Void = { (_) throws(InvalidValue) in }
    ) throws(SettingError) -> [String] {
        let reader = self
        return try value(
            name,
            default: [],
            syntax: "list of paths",
            help,
            show: { .list($0.map { .string($0) }) },
            parse: {
                value throws(InvalidValue) in
                let paths = try value.strings().map { reader.absolute($0) }
                for path in paths { try check(path) }
                return paths
            }
        )
    }

    private static func show(_ text: String?) -> SettingValue { text.map { .string($0) } ?? .null }

    private static func syntax(of range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
}
