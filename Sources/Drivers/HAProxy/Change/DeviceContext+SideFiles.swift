// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The files that haproxy.cfg names: lists of networks and error pages.
///
/// They follow the state: a change writes them before HAProxy reads them, a rollback and the reconciler write those of the
/// committed state.
extension DeviceContext {
    /// The files that are missing or have another content.
    func changedFiles(of rendered: RenderedConfiguration) -> [SideFile] {
        rendered.sideFiles.filter { contents(of: $0.file) != $0.bytes }
    }

    /// Writes the files that are missing or have another content.
    ///
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func writeFiles(of rendered: RenderedConfiguration) throws(DriverError) {
        try stateUnwritable { () throws(FileError) in
            for file in changedFiles(of: rendered) {
                try AtomicFile.makeFolder(files.stateFolder)
                try PreparedFile(file.bytes, for: file.file, isFlushed: false).commit(isFlushed: false)
            }
        }
    }

    /// Removes all other files; if that fails, the next change or start does it.
    ///
    /// - Parameter rendered: The served configuration; nil if there is none.
    func removeFiles(besides rendered: RenderedConfiguration?) {
        let kept = Set((rendered?.sideFiles ?? []).map(\.file))
        for file in files.sideFiles where !kept.contains(file) { try? AtomicFile.remove(file, isFlushed: false) }
    }

    /// Writes the files for a check of the candidate file.
    ///
    /// - Throws: `FileError`.
    func writeCandidateFiles(of rendered: RenderedConfiguration) throws(FileError) {
        for file in rendered.sideFiles {
            try PreparedFile(file.bytes, for: file.candidate, isFlushed: false).commit(isFlushed: false)
        }
    }

    /// Removes the files of the candidate file.
    func removeCandidateFiles(of rendered: RenderedConfiguration) {
        for file in rendered.sideFiles { try? AtomicFile.remove(file.candidate, isFlushed: false) }
    }
}

// MARK: - The owners of log lines

extension DeviceContext {
    /// Writes to which load balancers log lines without ids belong, before others take their names.
    ///
    /// - Parameter history: nil to remove the file.
    /// - Throws: `DriverError` with code `stateUnwritable`.
    func write(_ history: LogOwnerHistory?) throws(DriverError) {
        guard history?.record != contents(of: files.logOwners) else { return }
        try stateUnwritable { () throws(FileError) in
            guard let history else { return try AtomicFile.remove(files.logOwners) }
            try AtomicFile.write(history.record, to: files.logOwners)
        }
    }
}

extension SideFile {
    fileprivate var candidate: FilePath { FilePath(file.string + DeviceFiles.candidateSuffix) }
}
