// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// Asks what a store has at a place, again where the first try fails in a way that may pass.
struct ObjectQuestion: Sendable {
    /// What one try may take.
    private static let limit = Duration.seconds(10)

    let address: ObjectAddress
    let configuration: OpenStackSwiftConfiguration
    let connections: StoreConnectionPool

    private var failures: StoreFailures { StoreFailures(address: address) }

    func ask() async throws(ObjectStoreError) -> FoundObject? {
        let connection = try connections.take(for: address.endpoint)
        defer { connections.give(back: connection, for: address.endpoint) }
        var attempts = 0
        while true {
            attempts += 1
            let (error, mayPass, wait): (ObjectStoreError, Bool, Int?)
            switch try await perform(over: connection).end {
            case .answered(let answer) where answer.status == 404: return nil
            case .answered(let answer) where 200...299 ~= answer.status:
                guard let byteCount = answer.byteCount else { throw failures.unconfirmed(answer) }
                return FoundObject(byteCount: byteCount)
            case .answered(let answer):
                let kind = AnswerKind(answer.status)
                (error, mayPass, wait) = (
                    failures.error(for: answer, attempts: attempts), kind.mayPass, answer.retryAfter
                )
            case .broke(let broken): (error, mayPass, wait) = (failures.error(for: broken), broken.kind.mayPass, nil)
            case .stopped(let stopped): throw stopped
            // It is said of content alone, and there is none.
            case .outgrown: return nil
            }
            guard mayPass, attempts < configuration.retries.attempts else { throw error }
            do { try await Task.sleep(for: configuration.retries.wait(after: attempts, asked: wait)) } catch {
                throw ObjectStoreError(.cancelled, "the task was cancelled")
            }
        }
    }

    private func perform(over connection: StoreConnection) async throws(ObjectStoreError) -> ExchangeResult {
        let request = StoreRequest.head(address.objectURL, address, limit: Self.limit)
        do throws(ThreadError) {
            return try await DedicatedThread.run(name: "object-store") { connection.perform(request) }
        } catch {
            throw ObjectStoreError(.unavailable, error.description)
        }
    }
}
