// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// Finds the master that should answer on a socket, from what the kernel knows.
///
/// The queue of a master that hangs is full after a dozen connections, so that its socket cannot be asked who listens.
enum MasterSearch {
    /// The one process that was started with `-S` and this socket.
    ///
    /// - Returns: nil where there is none, or where it is not clear which it is.
    static func find(listeningOn socket: FilePath) -> ProcessHandle? {
        var candidates = Set<Int32>()
        for processID in processes() where isStarted(processID, with: socket) { candidates.insert(processID) }
        // Workers are the master's children, and have its arguments.
        let masters = candidates.filter { processID in
            ProcessHandle.parent(of: processID).map { !candidates.contains($0) } ?? false
        }
        guard masters.count == 1, let processID = masters.first, let handle = ProcessHandle(processID) else {
            return nil
        }
        // Looked at again, now that it is held: it is the same process, and not one that got its number since.
        return isStarted(processID, with: socket) ? handle : nil
    }

    private static func isStarted(_ processID: Int32, with socket: FilePath) -> Bool {
        guard let line = try? AtomicFile.readStream(FilePath("/proc/\(processID)/cmdline")) else { return false }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let option = words.firstIndex(of: "-S"), option + 1 < words.count else { return false }
        return words[option + 1].split(separator: ",").first.map(String.init) == socket.string
    }

    private static func processes() -> [Int32] {
        guard let folder = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(folder) }
        var found: [Int32] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
                unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let processID = Int32(name) { found.append(processID) }
        }
        return found
    }
}
