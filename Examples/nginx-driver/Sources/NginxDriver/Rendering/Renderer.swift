// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Renders the parts of nginx's configuration that do not depend on the load balancers.
struct Renderer: Sendable {
    let loadBalancers: [LoadBalancer]
    let settings: NginxSettings
    let directory: NginxDirectory

    func render(fingerprint: String) throws(DriverError) -> ConfigurationText {
        var text = ConfigurationText()
        text.directive("load_module", try Word(quoting: settings.streamModule))
        text.directive("daemon", "on")
        // The workers need the files of the agent's user, which are private to that user.
        if geteuid() == 0 { text.directive("user", "root") }
        text.directive("pid", try file("nginx.pid"))
        // The driver follows reloads in this file, so errors of client connections go to another one.
        text.directive("error_log", try file("nginx.log"), "notice")
        text.directive("worker_processes", settings.workers.map { Word("", $0) } ?? "auto")
        text.directive("worker_shutdown_timeout", Word("", settings.shutdownTimeout, "s"))
        text.block("events") { $0.directive("worker_connections", Word("", settings.connections)) }
        try text.block("http") { text throws(DriverError) in
            try writeHTTPDefaults(to: &text)
            try writeControl(fingerprint, to: &text)
            for (place, loadBalancer) in loadBalancers.enumerated() where loadBalancer.protocol == .http {
                try write(loadBalancer, at: place, to: &text)
            }
        }
        try text.block("stream") { text throws(DriverError) in
            text.directive("error_log", try file("error.log"), "error")
            text.directive(
                "log_format",
                "tcp",
                "'$time_iso8601 $remote_addr $status $bytes_sent $bytes_received $session_time \"$upstream_addr\"'"
            )
            text.directive("access_log", try file("tcp.log"), "tcp")
            for (place, loadBalancer) in loadBalancers.enumerated() where loadBalancer.protocol != .http {
                try write(loadBalancer, at: place, to: &text)
            }
        }
        return text
    }

    private func writeHTTPDefaults(to text: inout ConfigurationText) throws(DriverError) {
        text.directive("error_log", try file("error.log"), "error")
        text.directive(
            "log_format",
            "http",
            "'$time_iso8601 $remote_addr $status $bytes_sent $request_time \"$upstream_addr\" \"$request\"'"
        )
        text.directive("access_log", try file("http.log"), "http")
        text.directive("client_body_temp_path", try file("temp/client_body"))
        text.directive("proxy_temp_path", try file("temp/proxy"))
        text.directive("fastcgi_temp_path", try file("temp/fastcgi"))
        text.directive("uwsgi_temp_path", try file("temp/uwsgi"))
        text.directive("scgi_temp_path", try file("temp/scgi"))
        text.block("map", "$http_upgrade", "$connection_header") { text in
            text.directive("default", "upgrade")
            text.directive("\"\"", "close")
        }
        text.directive("server_tokens", "off")
    }

    /// The socket on which nginx reports its running configuration.
    private func writeControl(_ fingerprint: String, to text: inout ConfigurationText) throws(DriverError) {
        let socket = try Word(quoting: "unix:\(directory.file("control.sock"))")
        let answer = try Word(quoting: fingerprint)
        text.block("server") { text in
            text.directive("listen", socket)
            text.directive("access_log", "off")
            text.directive("set", "$fingerprint", answer)
            text.block("location", "/") { $0.directive("return", "200", "\"$nginx_version $fingerprint\"") }
        }
    }

    private func file(_ name: String) throws(DriverError) -> Word {
        try Word(quoting: directory.file(name))
    }
}
