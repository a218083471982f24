// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Subprocess
import SystemPackage
import TestServers
import Testing

/// Commands and faults of the configuration.
@Suite struct ConfigurationTests {
    /// The output of `config` is an equivalent configuration file that contains the origin of each value.
    @Test func printsOrigins() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "a.json5")
            try "{log: {level: 'debug'}}".write(to: file, atomically: true, encoding: .utf8)
            let arguments = ["--config", file.path, "--function", "f"]
            let variables = ["STEELYARD_HAPROXY_SUSPEND_GRACE": "7"]
            let shown = try await SteelyardProgram.run(["config"] + arguments, variables: variables)
            #expect(shown.code == 0, "\(shown.error)")
            func origin(_ start: String) -> Substring? {
                let line = shown.output.split(separator: "\n").first { $0.drop { $0 == " " }.hasPrefix(start) }
                return line?.split(separator: "// ", maxSplits: 1).last
            }
            #expect(origin("level: \"debug\",") == "\(file.path): log.level")
            #expect(origin("function: \"f\",") == "--function")
            #expect(origin("suspend_grace: 7,") == "STEELYARD_HAPROXY_SUSPEND_GRACE")
            #expect(origin("format: \"text\",") == "default")
            try shown.output.write(to: folder.appending(path: "b.json5"), atomically: true, encoding: .utf8)
            let again = try await SteelyardProgram.run(["config", "--json", "--config", folder.path + "/b.json5"])
            let before = try await SteelyardProgram.run(["config", "--json"] + arguments, variables: variables)
            #expect(again.code == 0 && again.output == before.output, "\(again.error)")
        }
    }

    @Test(
        arguments: [
            ("{log: {levle: 'debug'}}", "log.levle is not a key of the configuration; did you mean log.level?"),
            (
                "{\n  dry_run: true,\n  dry_run: false\n}",
                "line 3, column 3: \"dry_run\" appears more than once; first on line 2"
            ),
            ("{driver 'noop'}", "line 1, column 9: expected ':', found \"'\""),
        ]
    )
    func faultsHaveAPlace(_ text: String, _ problem: String) async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "wrong.json5")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let result = try await SteelyardProgram.run(["config", "--config", file.path])
            #expect(result.code == 78 && result.output.isEmpty)
            #expect(result.error.contains(problem), "\(result.error)")
        }
    }

    @Test func unknownVariables() async throws {
        let wrong = try await SteelyardProgram.run(["config"], variables: ["STEELYARD_LOG_LEVLE": "debug"])
        #expect(wrong.code == 78)
        #expect(
            wrong.error.contains(
                "STEELYARD_LOG_LEVLE is not a variable of steelyard; did you mean STEELYARD_LOG_LEVEL?"
            )
        )
        // The credentials of `archive` are not settings.
        let variables = ["STEELYARD_TOKEN": "t", "STEELYARD_ACCESS_KEY": "a", "STEELYARD_SECRET_KEY": "s"]
        let right = try await SteelyardProgram.run(["config"], variables: variables)
        #expect(right.code == 0, "\(right.error)")
    }

    /// Files may be pipes, such as those of `<(...)`.
    @Test func pipes() async throws {
        let update = Environment.packageFolder.appending(path: "Examples/update.json")
        let file = try await SteelyardProgram.run(["render", update.path])
        func run(_ script: String) async throws -> String {
            let output = try await Command.run("/bin/bash", ["-c", script, SteelyardProgram.path, update.path])
            return String(decoding: output, as: UTF8.self)
        }
        #expect(try await run("cat \"$1\" | \"$0\" render /dev/stdin") == file.output)
        let shown = try await run("\"$0\" config --config <(echo \"{log: {level: 'error'}}\")")
        #expect(shown.contains("level: \"error\","), "\(shown)")
        // More than the size limit of a configuration.
        let script = "head -c 2000000 /dev/zero | \"$0\" config --config /dev/stdin 2>&1; test $? -eq 78"
        #expect(try await run(script).contains("/dev/stdin cannot be read"))
    }

    @Test func version() async throws {
        let result = try await SteelyardProgram.run(["version"])
        #expect(result.code == 0 && result.output.hasPrefix("steelyard 1.0"), "\(result.output)")
    }
}
