// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

/// Reading settings: types, precedence of the origins, and errors that name the origin.
@Suite struct SettingReaderTests {
    private enum Color: String, CaseIterable { case red, green }

    private struct Settings {
        let program: String
        let file: String?
        let count: Int
        let size: Int?
        let isOn: Bool
        let color: Color
        let names: [String]
        let folders: [String]

        init(_ settings: inout SettingReader) throws(SettingError) {
            program = try settings.path("program", default: "/bin/true", "The program.")
            file = try settings.optionalPath("file", "A file.")
            count = try settings.integer("count", default: 2, in: 1...9, "A number.")
            size = try settings.optionalInteger("size", in: 1...9, "A size.")
            isOn = try settings.boolean("on", default: true, "Whether it is on.")
            color = try settings.choice("color", default: .red, "A color.")
            names = try settings.strings("names", "Some names.")
            folders = try settings.paths("folders", "Some directories.")
        }
    }

    private func read(_ given: [String: [(String, SettingValue)]]) throws -> (Settings, [SettingDescription]) {
        var reader = SettingReader(group: "my", folder: "/here") { key in
            (given[key] ?? []).map { SettingReader.Given(origin: $0, value: $1) }
        }
        let settings = try Settings(&reader)
        return (settings, reader.settings)
    }

    @Test func defaults() throws {
        let (settings, shown) = try read([:])
        #expect(settings.program == "/bin/true" && settings.file == nil && settings.count == 2 && settings.size == nil)
        #expect(settings.isOn && settings.color == .red && settings.names.isEmpty && settings.folders.isEmpty)
        #expect(
            shown.map(\.key)
                == ["program", "file", "count", "size", "on", "color", "names", "folders"].map { "my.\($0)" }
        )
        #expect(shown.allSatisfy { $0.value == $0.defaultValue })
        #expect(shown[2].syntax == "1 to 9" && shown[5].syntax == "red, green")
        #expect(shown[0].variable == "STEELYARD_MY_PROGRAM")
    }

    @Test func valuesOfAllTypes() throws {
        let (settings, shown) = try read([
            "my.program": [("f", "bin/x")], "my.file": [("f", "a")], "my.count": [("f", 9)],
            "my.size": [("e", .text("3"))],
            "my.on": [("e", .text("0"))], "my.color": [("e", .text("green"))], "my.names": [("e", .text("a, b"))],
            "my.folders": [("f", ["x", "/y"])],
        ])
        #expect(settings.program == "/here/bin/x" && settings.file == "/here/a" && settings.count == 9)
        #expect(settings.size == 3 && !settings.isOn && settings.color == .green && settings.names == ["a", "b"])
        #expect(settings.folders == ["/here/x", "/y"])
        #expect(shown.map(\.value)[7] == .list(["/here/x", "/y"]))
    }

    @Test func theLastOriginCounts() throws {
        let (settings, _) = try read([
            "my.count": [("file", 3), ("variable", .text("4"))], "my.file": [("f", "a"), ("e", .text(""))],
        ])
        #expect(settings.count == 4)
        #expect(settings.file == nil)
    }

    @Test(arguments: [
        ("count", SettingValue.integer(0), "must be a whole number from 1 to 9, not 0"),
        ("count", "3", "must be a whole number from 1 to 9, not \"3\""),
        ("count", .text("3x"), "must be a whole number from 1 to 9, not \"3x\""),
        ("count", nil, "must be a whole number from 1 to 9, not null"),
        ("on", 1, "must be true or false, not 1"), ("color", "blue", "must be one of red, green, not \"blue\""),
        ("names", "a", "must be a list of strings, not a string"),
        ("names", .list(["", "a"]), "must not be empty (element 1 of the list)"),
        ("program", "", "must not be empty"), ("program", nil, "must be a string, not null"),
        ("file", .object([:]), "must be a string, not an object"),
        ("size", .number(1.5), "must be a whole number from 1 to 9, not 1.5"),
    ])
    func errors(_ key: String, _ value: SettingValue, _ problem: String) {
        // Also if a later origin is valid.
        let error = #expect(throws: SettingError.self) {
            try read(["my.\(key)": [("origin", value), ("later", .text("1"))]])
        }
        #expect(error?.key == "my.\(key)")
        #expect(error?.description == "origin \(problem)")
    }
}
