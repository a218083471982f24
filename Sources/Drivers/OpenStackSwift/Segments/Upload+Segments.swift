// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Content that is larger than one object may be.
extension Upload {
    /// What removing one segment adds to the time that cleaning up may take.
    private static let cleanUpLimitPerSegment = Duration.milliseconds(50)

    /// Begins the content anew, as a Static Large Object.
    func storeInSegments(
        over connection: StoreConnection,
        until end: ContinuousClock.Instant
    ) async throws(ObjectStoreError) -> StoredObject {
        logger.debug("the object is larger than a segment, sending it in segments")
        let retries = configuration.retries
        var machine = SegmentedUploadStateMachine(failures, retries: retries, attempt: .random(in: 0...UInt64.max))
        var content = try Content(isCounted: true, makeBody)
        var lastError: ObjectStoreError?
        var cleanUpEnd: ContinuousClock.Instant?
        var step = machine.begin()
        while true {
            switch step {
            case .succeed(let leftBehind): return try stored(content, leftBehind)
            case .fail(let error): throw error
            case .headSegment, .deleteSegment, .headManifest, .deleteManifest:
                let limit = Self.cleanUpLimit + Self.cleanUpLimitPerSegment * machine.rubbish.count
                let end = cleanUpEnd ?? .now + limit
                cleanUpEnd = end
                step = machine.next(after: try await perform(step, content, end - .now, over: connection))
            case .putContainer, .putSegment, .putManifest, .pause:
                cleanUpEnd = nil
                guard end > .now else {
                    step = machine.next(afterStop: failures.outOfTime(configuration.totalTimeout, last: lastError))
                    break
                }
                guard case .pause(let wait, let error) = step else {
                    if case .putSegment(let name) = step, name.number == 0 {
                        content = try Content(isCounted: true, makeBody)
                    }
                    step = machine.next(after: try await perform(step, content, end - .now, over: connection))
                    break
                }
                lastError = error
                do throws(ObjectStoreError) {
                    try await pause(min(wait, end - .now), error)
                    step = machine.nextAfterPause()
                } catch {
                    step = machine.next(afterStop: error)
                }
            }
        }
    }

    private func stored(_ content: Content, _ leftBehind: Int) throws(ObjectStoreError) -> StoredObject {
        if leftBehind > 0 {
            let place = OneLine.make("\(address.segmentsContainer)/\(address.path.name)", hiding: "")
            logger.warning(
                "the object is stored, but segments of an earlier attempt could not be removed",
                metadata: [LogKeys.objectPath: "\(place)"]
            )
        }
        guard let object = content.finish() else {
            throw ObjectStoreError(.sourceFailed, "the object's checksum was not counted")
        }
        return object
    }

    private func perform(
        _ step: SegmentedUploadStateMachine.Step,
        _ content: Content,
        _ limit: Duration,
        over connection: StoreConnection
    ) async throws(ObjectStoreError) -> ExchangeResult {
        let request: StoreRequest =
            switch step {
            case .putSegment(let name):
                .putSegment(name, address, limit: limit, cancellation: cancellation) {
                    [configuration] () throws(ObjectStoreError) in
                    try content.begin()
                    return ContentPart(of: content, limit: UInt64(configuration.segmentBytes), beyond: .nextPart)
                }
            case .headSegment(let name): .head(address.url(of: name), address, limit: limit)
            case .deleteSegment(let name): .delete(address.url(of: name), address, limit: limit)
            case .putManifest(let manifest): .putManifest(manifest, address, limit: limit)
            case .headManifest: .head(address.objectURL, address, limit: limit)
            case .deleteManifest: .delete(address.objectURL, address, limit: limit)
            case .putContainer, .pause, .succeed, .fail:
                .putContainer(address.segmentsContainerURL, address, limit: limit, cancellation: cancellation)
            }
        return try await perform(request, over: connection)
    }
}
