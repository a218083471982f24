// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// Gives memory back that only starting up has needed.
package enum StartupMemory {
    /// Has large buffers go back to the system as soon as they are freed, for the whole life of the process.
    ///
    /// An archive's blocks come and go on several threads, and each thread's heap would keep some of them for ever.
    package static func returnLargeBuffers() { steelyard_map_blocks_larger_than(128 << 10) }

    /// Unmaps the pages of the program's own code.
    ///
    /// Reading the command line and the configuration touches code all over the program that is never run again. The
    /// pages are the file's, unchanged, so whatever is needed again comes back from the page cache by itself.
    package static func release() {
        for mapping in codeMappings() {
            guard let start = unsafe UnsafeMutableRawPointer(bitPattern: mapping.lowerBound) else { continue }
            unsafe madvise(start, Int(mapping.upperBound - mapping.lowerBound), MADV_DONTNEED)
        }
    }

    /// Where the program's file is mapped for execution.
    ///
    /// Nothing else will do: a mapping that is only read may hold what
    /// the dynamic linker wrote into it, which the file does not have.
    private static func codeMappings() -> [Range<UInt>] {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &path, path.count)
        guard count > 0, let maps = try? AtomicFile.readStream("/proc/self/maps") else { return [] }
        let program = String(decoding: path.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }) == program else {
                return nil
            }
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : nil
        }
    }
}
