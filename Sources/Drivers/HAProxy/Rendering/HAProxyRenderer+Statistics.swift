// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension HAProxyRenderer {
    /// Writes the front end of the statistics page and the Prometheus exporter; SUSPEND keeps it open.
    func writeStatistics(to text: inout ConfigurationText) {
        guard let statistics = configuration.settings.statistics else { return }
        text.section("frontend stats")
        text.line("mode http")
        text.line("bind", "\(statistics.word)")
        text.line("timeout client 10s")
        text.line("timeout http-request 10s")
        // Monitoring sends a request every few seconds and would fill the archived log.
        text.line("no log")
        text.line("http-request use-service prometheus-exporter if { path /metrics }")
        text.line("stats enable")
        text.line("stats uri /")
        text.line("stats refresh 10s")
        text.line("stats hide-version")
    }

    /// The output of ``writeStatistics(to:)``.
    var statisticsText: String {
        var text = ConfigurationText()
        writeStatistics(to: &text)
        return text.text
    }
}
