// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Logs a warning, once a day, for each certificate that has expired or soon will.
struct CertificateWatch: Sendable {
    let keys: KeyFolder
    let store: DeviceStore
    let logger: Logger

    private static let interval = Duration.seconds(60)
    private static let repetition = Duration.seconds(86_400)

    /// Runs until the task is cancelled.
    func run() async {
        var warned: [CertificateStatus: ContinuousClock.Instant] = [:]
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let certificates = keys.status(of: store.state.served?.set)
            warned = warned.filter { certificates.contains($0.key) && now - $0.value < Self.repetition }
            for certificate in certificates where warned[certificate] == nil {
                guard let warning = certificate.warning(at: .now) else { continue }
                warned[certificate] = now
                logger.warning(
                    "certificate \(warning)",
                    metadata: [
                        LogKeys.certificate: "\(certificate.id)",
                        LogKeys.certificateNames: "\(certificate.names.joined(separator: " "))",
                    ]
                )
            }
            try? await Task.sleep(for: Self.interval)
        }
    }
}
