// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCertificates
import SteelyardCore

extension KeyFolder {
    /// The certificates of load balancers, except those whose files are missing.
    func status(of set: LoadBalancerSet?) -> [CertificateStatus] {
        (set?.loadBalancers ?? []).flatMap { loadBalancer in
            loadBalancer.containers.compactMap { container in
                facts(of: container).map { facts in
                    CertificateStatus(
                        id: container.id,
                        loadBalancer: loadBalancer.id,
                        sha256: container.sha256,
                        names: facts.names,
                        lastSecond: facts.lastSecond
                    )
                }
            }
        }
    }
}
