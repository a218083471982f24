// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// HAProxy's processes as the kernel reports them, independent of its sockets.
struct KernelView {
    private struct Process {
        let number: Int32
        let parent: Int32
    }

    private let processes: [Process]

    /// Reads the current processes.
    ///
    /// - Parameter device: Only processes that were started with a file of its folder count.
    init(of device: DeviceUnderTest) {
        let binary = URL(fileURLWithPath: Environment.haproxy).resolvingSymlinksInPath().path
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        processes = numbers.compactMap { number in
            let program = Self.target(of: "/proc/\(number)/exe")
            let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
            guard program == binary, String(decoding: line, as: UTF8.self).contains(device.folder.path + "/"),
                !line.contains(Data("\0-c\0".utf8)), let stat = Self.stat(number), let parent = Int32(stat[1])
            else { return nil }
            return stat[0] == "Z" ? nil : Process(number: number, parent: parent)
        }
    }

    /// The masters: the processes whose parent is not an HAProxy.
    var masters: [Int32] {
        let all = Set(processes.map(\.number))
        return processes.filter { !all.contains($0.parent) }.map(\.number)
    }

    /// The masters of all processes with a socket that listens on a port of 127.0.0.1.
    func masters(listeningOn port: Int) throws -> Set<Int32> {
        let sockets = try Self.sockets(listeningOn: port)
        let parents = Dictionary(uniqueKeysWithValues: processes.map { ($0.number, $0.parent) })
        var found: Set<Int32> = []
        for process in processes where Self.holds(process.number, sockets) {
            found.insert(parents[process.parent] == nil ? process.number : process.parent)
        }
        return found
    }

    private static func holds(_ number: Int32, _ sockets: Set<String>) -> Bool {
        let folder = "/proc/\(number)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains { target(of: "\(folder)/\($0)").map(sockets.contains) ?? false }
    }

    /// The target of a symbolic link; Foundation would convert it to a path.
    private static func target(of link: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    private static func sockets(listeningOn port: Int) throws -> Set<String> {
        let address = "0100007F:" + String(format: "%04X", port)
        // Foundation's own method for a whole file stops at a short read from the kernel.
        let file = FileHandle(forReadingAtPath: "/proc/net/tcp")
        var bytes = Data()
        while let more = try file?.read(upToCount: 1 << 16), !more.isEmpty { bytes += more }
        return Set(
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                let columns = line.split(separator: " ")
                guard columns.count > 9, columns[1] == address, columns[3] == "0A" else { return nil }
                return "socket:[\(columns[9])]"
            }
        )
    }

    /// The fields of a process's stat, from its state on.
    private static func stat(_ number: Int32) -> [Substring]? {
        let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)
        guard let text, let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? fields : nil
    }
}
