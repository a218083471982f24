// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FaultSuite
import Testing

/// States that the model of the device allows, and states that it rejects.
struct DeviceModelTests {
    private typealias State = DeviceModel.State

    private func serving(_ versions: Int...) -> Set<State> {
        Set(versions.map { State(version: $0, isSuspended: false) })
    }

    @Test func changeInHandMayBeAppliedOrNot() {
        var model = DeviceModel(version: 1)
        let update = model.begin(.update(2))
        #expect(model.states == serving(1, 2))
        model.end(update, .passed)
        #expect(model.states == serving(2))
    }

    @Test func changeThatFailedIsNotServed() {
        var model = DeviceModel(version: 1)
        model.end(model.begin(.update(2)), .failed)
        #expect(model.states == serving(1))
    }

    /// The job was assigned twice: the first time it was applied, the second time it failed.
    @Test func changeThatFailedLaterMayBeServed() {
        var model = DeviceModel(version: 1)
        model.end(model.begin(.update(2)), .failedAgain)
        #expect(model.states == serving(1, 2))
    }

    /// The job without a reply may be applied before and after the other one, and twice.
    @Test func changesAtOnceMayEndInEitherOrder() {
        var model = DeviceModel(version: 1)
        let (first, second) = (model.begin(.update(2)), model.begin(.update(3)))
        model.end(second, .passed)
        #expect(model.states == serving(2, 3))
        model.end(first, .passed)
        #expect(model.states == serving(2, 3))
    }

    @Test func changeAfterTheReplyUndoesNothing() {
        var model = DeviceModel(version: 1)
        model.end(model.begin(.update(2)), .passed)
        model.end(model.begin(.update(3)), .passed)
        #expect(model.states == serving(3))
    }

    @Test func changeWithoutReplyMayBeAppliedLater() {
        var model = DeviceModel(version: 1)
        model.end(model.begin(.update(2)), .unknown)
        model.end(model.begin(.update(3)), .passed)
        #expect(model.states == serving(2, 3))
        model.settle()
        model.end(model.begin(.update(4)), .passed)
        #expect(model.states == serving(4))
    }

    @Test func suspensionKeepsTheConfiguration() {
        var model = DeviceModel(version: 1)
        model.end(model.begin(.suspend), .passed)
        model.end(model.begin(.update(2)), .passed)
        #expect(model.states == [State(version: 2, isSuspended: true)])
        model.end(model.begin(.enable), .passed)
        #expect(model.states == serving(2))
    }

    @Test func readingSeesWhatWasPossibleMeanwhile() {
        var model = DeviceModel(version: 1)
        let reading = model.beginReading()
        model.end(model.begin(.update(2)), .passed)
        model.end(model.begin(.update(3)), .passed)
        #expect(model.endReading(reading) == serving(1, 2, 3))
        #expect(model.endReading(model.beginReading()) == serving(3))
    }
}
