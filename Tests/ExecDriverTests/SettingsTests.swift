// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import ExecDriver

@Suite("The settings of the driver exec")
struct SettingsTests {
    private static func settings(_ values: [String: SettingValue]) throws(SettingError) -> ExecSettings {
        var reader = SettingReader(group: "exec", values)
        return try ExecSettings(&reader)
    }

    @Test(
        "a command must be an executable file with an absolute path",
        arguments: [
            ([], "must name the driver program"), (["true"], "must start with an absolute path"),
            (["/nonexistent"], "is not an executable file"), (["/tmp"], "is not an executable file"),
            (["/bin/sh", "\0"], "must not contain a NUL character"),
        ] as [([String], String)]
    )
    func command(_ command: [String], _ problem: String) throws {
        let settings = try Self.settings(["command": .list(command.map { .string($0) })])
        let error = #expect(throws: SettingError.self) { try settings.check() }
        #expect(error?.key == "exec.command" && error?.problem.contains(problem) == true)
        try Self.settings(["command": ["/bin/sh"]]).check()
    }

    @Test("the program's own settings are an object, and reach it unchanged")
    func ownSettings() throws {
        let settings = try Self.settings(["settings": .object(["a": 1, "b": ["x", nil, true]])])
        #expect(String(decoding: settings.settings.json.json, as: UTF8.self) == #"{"a":1,"b":["x",null,true]}"#)
        for wrong in [SettingValue.text("{}"), [1], .object(["a": [.number(1.5)]])] {
            #expect(throws: SettingError.self) { _ = try Self.settings(["settings": wrong]) }
        }
    }

    @Test("a program that ends repeatedly is restarted less and less often; one that has run is restarted immediately")
    func restartDelay() {
        let start = ContinuousClock.now
        var delay = RestartDelay()
        #expect(delay.remaining(at: start) == .zero)
        var waits: [Duration] = []
        for _ in 0..<9 {
            delay.noteEnd(ranFor: .seconds(1), at: start)
            waits.append(delay.remaining(at: start))
        }
        #expect(waits == waits.sorted() && waits[0] == .zero && waits[7] == .seconds(30) && waits[8] == .seconds(30))
        #expect(delay.remaining(at: start + .seconds(29)) == .seconds(1))
        delay.noteEnd(ranFor: .seconds(60), at: start)
        #expect(delay.remaining(at: start) == .zero)
    }
}
