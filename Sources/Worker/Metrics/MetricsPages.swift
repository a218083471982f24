// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardMetrics

/// The pages of the HTTP server.
struct MetricsPages: Sendable {
    let collector: MetricsCollector

    func answer(_ request: HTTPRequest) async -> HTTPResponse {
        switch request.path {
        case "/metrics":
            let format: MetricsText.Format =
                request.accept.contains("application/openmetrics-text") ? .openMetrics : .prometheus
            return HTTPResponse(.ok, contentType: format.contentType, await collector.text(as: format))
        case "/healthz":
            guard let fault = await collector.fault() else { return HTTPResponse(.ok, "ok\n") }
            return HTTPResponse(.unavailable, Excerpt.line(fault) + "\n")
        case "/":
            return HTTPResponse(.ok, "/metrics\n/healthz\n")
        default:
            return HTTPResponse(.notFound)
        }
    }
}
