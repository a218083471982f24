// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Serializes the device's changes on a dedicated thread; nothing else orders them.
///
/// A change is a ``ChangeTransaction``; between changes, ``Reconciler`` repairs deviations from the state.
actor HAProxyDevice {
    private let executor: ThreadExecutor
    private let context: DeviceContext
    private let reconciler: Reconciler
    /// The changes made by other programs.
    nonisolated let drift = DriftView()
    private let turns = SerialGate()

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(
        _ renderer: HAProxyRenderer,
        _ store: DeviceStore,
        _ keys: KeyFolder,
        _ meter: Meter,
        _ logger: Logger,
        _ ends: EndCount,
        onStep: @escaping @Sendable (ChangeStep) -> Void = { _ in }
    ) throws(ThreadError) {
        executor = try ThreadExecutor(name: "haproxy-device")
        reconciler = Reconciler(drift)
        context = DeviceContext(renderer, store, keys, meter, logger, ends, onStep: onStep)
    }

    /// Serves exactly these load balancers, or stores them for the next ENABLE.
    func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        try await change { (state) throws(DriverError) in (wanted, state.isSuspended) }
    }

    /// Stops serving; HAProxy keeps its checks and counters.
    func suspend() async throws(DriverError) {
        try await change(isRepeated: \.isSuspended) { (state) throws(DriverError) in
            (try state.requireServed().set, true)
        }
    }

    /// Serves again.
    func enable() async throws(DriverError) {
        try await change(isRepeated: \.isServing) { (state) throws(DriverError) in
            (try state.requireServed().set, false)
        }
    }

    /// Stops HAProxy and removes everything.
    func delete() async throws(DriverError) {
        try await turns.withTurn { () throws(DriverError) in
            // If a step fails, the reconciler repeats it until it succeeds.
            reconciler.isDue = true
            CurrentJob.report(plan: "stop", "stop HAProxy, remove its configuration and logs")
            try await context.delete()
            reconciler.isDue = false
        }
    }

    /// Checks that a change is possible, and describes it.
    func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        try await turns.withTurn { () throws(DriverError) in
            let state = context.store.state
            switch change {
            case .apply(let wanted):
                defer { context.collectKeys() }
                let transaction = try ChangeTransaction(
                    to: context.render(context.keep(wanted), isSuspended: state.isSuspended),
                    in: context
                )
                let description = transaction.description
                if !description.isEmpty { try await transaction.check() }
                return description
            case .suspend:
                return context.difference(to: context.render(try state.requireServed(), isSuspended: true))
            case .enable:
                let rendered = context.render(try state.requireServed(), isSuspended: false)
                if state.isSuspended { _ = try ChangeTransaction(to: rendered, in: context) }
                return context.difference(to: rendered)
            case .delete:
                guard let bytes = context.contents(of: context.files.config) else { return "" }
                return LineDifference.describe(file: bytes, of: state.served, to: "")
            }
        }
    }

    /// Ensures that HAProxy runs and serves the committed state.
    ///
    /// - Returns: The master to watch; nil if none should run.
    /// - Throws: `DriverError` if HAProxy does not serve the state.
    func ensureRunning() async throws(DriverError) -> ProcessHandle? {
        try await turns.withTurn { () throws(DriverError) in
            if context.store.state.served != nil, context.running.master == nil {
                reconciler.isDue = true
                context.running.reportEnd(context.logger)
            }
            try await reconciler.reconcile(context)
            // An agent that ended during a change may have left some.
            context.collectKeys()
            return context.store.state.served == nil ? nil : context.running.master
        }
    }

    /// Checks for changes by other programs, and repairs those that cannot wait for the next UPDATE.
    func look() async {
        do throws(DriverError) {
            try await turns.withTurn { () throws(DriverError) in try await reconciler.look(context) }
        } catch {
            context.logger.debug("drift check failed", metadata: [LogKeys.error: "\(error)"])
        }
    }

    /// Makes one change.
    ///
    /// - Parameters:
    ///   - isRepeated: Whether the device already is in the state that the message requests; it is then only repaired.
    ///   - wanted: The load balancers, and whether they are suspended.
    private func change(
        isRepeated: KeyPath<DeviceState, Bool>? = nil,
        to wanted: (DeviceState) throws(DriverError) -> (set: LoadBalancerSet, isSuspended: Bool)
    ) async throws(DriverError) {
        try await turns.withTurn { () throws(DriverError) in
            let state = context.store.state
            defer { context.collectKeys() }
            let (given, isSuspended) = try wanted(state)
            if let isRepeated, state[keyPath: isRepeated] {
                CurrentJob.report(plan: ChangePlan.nothing.kind, ChangePlan.nothing.description)
                return try await reconciler.requireInPlace(context)
            }
            if state == .deleted {
                try await reconciler.finishDeletion(context)
            } else if state.served == nil {
                await reconciler.tryToReconcile(context)
            }
            // Only now: a DELETE that is finished here removes all keys.
            let set = try context.keep(given)
            var transaction = try ChangeTransaction(to: context.render(set, isSuspended: isSuspended), in: context)
            if transaction.restarts, state.served != nil {
                // A socket that HAProxy binds again avoids the restart.
                reconciler.isDue = true
                await reconciler.tryToReconcile(context)
                transaction = try ChangeTransaction(to: context.render(set, isSuspended: isSuspended), in: context)
            }
            // A failed change rolls back; the reconciler ensures it.
            reconciler.isDue = true
            try await transaction.run()
            reconciler.isDue = false
        }
    }
}

extension DeviceContext {
    /// Stores the certificates and keys of load balancers, and returns the load balancers without them.
    ///
    /// - Throws: `DriverError`, with the field of a container that the device does not have.
    func keep(_ wanted: LoadBalancerSet) throws(DriverError) -> LoadBalancerSet {
        try keys.store(keys.resolve(wanted, from: store.state.served?.set))
    }

    /// Removes the certificates and keys that the committed state does not name.
    func collectKeys() { keys.collect(keeping: store.state.served?.set) }

    /// The lines of haproxy.cfg that would change.
    func difference(to rendered: RenderedConfiguration) -> String {
        LineDifference.describe(file: contents(of: files.config), of: store.state.served, to: rendered.text)
    }
}
