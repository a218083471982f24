// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension HAProxyRenderer {
    /// Writes the front end that shows the statistics, to people and to Prometheus; SUSPEND leaves it open.
    func writeStatistics(to text: inout ConfigurationText) {
        guard let statistics = configuration.settings.statistics else { return }
        text.section("frontend stats")
        text.line("mode http")
        text.line("bind", "\(statistics.word)")
        text.line("timeout client 10s")
        text.line("timeout http-request 10s")
        // Monitoring asks every few seconds and would fill the log that is archived.
        text.line("no log")
        text.line("http-request use-service prometheus-exporter if { path /metrics }")
        text.line("stats enable")
        text.line("stats uri /")
        text.line("stats refresh 10s")
        text.line("stats hide-version")
    }

    /// What ``writeStatistics(to:)`` writes.
    var statisticsText: String {
        var text = ConfigurationText()
        writeStatistics(to: &text)
        return text.text
    }
}
