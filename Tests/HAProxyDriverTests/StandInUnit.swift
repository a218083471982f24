// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage
import TestServers

@testable import HAProxyDriver

/// Replaces systemd with its unit haproxy.service: a systemctl that starts and stops a real HAProxy.
struct StandInUnit: Sendable {
    /// What it does instead of the requested action.
    enum Fault: String { case forbid, hang, fail, limit }

    let folder: URL

    init(folder: URL) { self.folder = folder }

    init(_ folder: URL, _ configuration: HAProxyConfiguration) throws {
        self.folder = folder
        let text = Self.script
            .replacing("FOLDER", with: folder.path)
            .replacing("BINARY", with: configuration.settings.binary.string)
            .replacing("CONFIG", with: configuration.config.string)
            .replacing("SOCKET", with: configuration.masterSocket.string)
        try text.write(toFile: systemctl.string, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: systemctl.string)
    }

    var systemctl: FilePath { FilePath(folder.appending(path: "systemctl").path) }

    /// The verbs of its calls.
    var calls: [String] {
        let text = try? String(contentsOf: folder.appending(path: "calls"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    func set(_ fault: Fault?) throws {
        try (fault?.rawValue ?? "").write(to: folder.appending(path: "fault"), atomically: true, encoding: .utf8)
    }

    /// Does what systemd does automatically.
    func run(_ verb: String) async throws {
        let result = try await Subprocess.run(
            .path(systemctl),
            arguments: ["--no-ask-password", verb, "haproxy.service"],
            output: .discarded,
            error: .discarded
        )
        guard result.terminationStatus.isSuccess else { throw ServerFailure("\(verb) fails") }
    }

    private static let script = #"""
        #!/bin/sh
        for verb in "$@"; do case $verb in -*) ;; *) break ;; esac; done
        echo "$verb" >> FOLDER/calls
        case "$(cat FOLDER/fault 2>/dev/null).$verb" in
        *.is-active) ;;
        forbid.*)
            echo "Failed to $verb haproxy.service: Interactive authentication required." >&2
            echo "See system logs and 'systemctl status haproxy.service' for details." >&2
            exit 1 ;;
        hang.*) sleep 900 ;;
        fail.start)
            echo "Job for haproxy.service failed because the control process exited with error code." >&2
            exit 1 ;;
        limit.reset-failed) rm FOLDER/fault ;;
        limit.start)
            echo "Job for haproxy.service failed because start of the service was attempted too often." >&2
            exit 1 ;;
        esac
        pid=$(cat FOLDER/pid 2>/dev/null)
        runs() {
            [ -n "$pid" ] && [ -r "/proc/$pid/stat" ] && [ "$(cut -d ' ' -f 3 "/proc/$pid/stat")" != Z ]
        }
        case $verb in
        is-active) runs; exit $? ;;
        start)
            runs && exit 0
            rm -f FOLDER/pid
            setsid --fork sh -c 'echo $$ > FOLDER/pid; exec BINARY -W -f CONFIG -S SOCKET,mode,600' \
                < /dev/null > FOLDER/journal 2>&1
            while [ ! -s FOLDER/pid ]; do sleep 0.01; done
            pid=$(cat FOLDER/pid)
            until grep -q 'Loading success' FOLDER/journal; do
                runs || { echo "Job for haproxy.service failed." >&2; exit 1; }
                sleep 0.01
            done ;;
        stop)
            runs || exit 0
            kill -TERM "$pid"
            tries=0
            while runs; do
                tries=$((tries + 1))
                [ $tries -lt 100 ] || kill -KILL "$pid"
                sleep 0.01
            done ;;
        esac
        exit 0

        """#
}
