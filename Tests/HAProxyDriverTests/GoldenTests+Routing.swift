// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Pools, policies, headers, pages and persistence, and more than two load balancers.
extension GoldenTests {
    static let routingExamples = [
        Example(name: "pools", message: pools),
        Example(name: "policies", message: policies),
        Example(name: "headers-and-pages", message: headersAndPages),
        Example(name: "persistence", message: persistence),
        Example(name: "three", message: three),
        Example(name: "three-suspended", message: three, isSuspended: true),
    ]

    private static let pools = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "HTTP", "address": "192.0.2.1", "port": 8080, "algorithm": "ROUND_ROBIN",
           "options": {"client_timeout": 60000, "server_timeout": 45000, "tunnel_timeout": 3600000},
           "nodes": [{"id": "a", "address": "10.0.0.1", "port": 80}],
           "pools": [
             {"id": "api", "name": "the \\"API\\"", "algorithm": "LEAST_CONNECTIONS", "proxy_protocol": "V2",
              "monitor": {"type": "HTTP", "delay": 5, "timeout": 2, "attempts": 3, "path": "/health",
                          "expected_codes": "200,202", "domain_name": "api.example.com"},
              "nodes": [{"id": "a", "address": "10.0.1.1", "port": 8080, "weight": 10},
                        {"id": "b", "address": "api-2.example.com", "port": 8080, "backup": true}]},
             {"id": "static.v-1_0", "algorithm": "SOURCE_IP",
              "nodes": [{"id": "a", "address": "2001:db8::1", "port": 80, "condition": "DRAINING"},
                        {"id": "b", "address": "10.0.2.2", "port": 80, "condition": "DISABLED"}]},
             {"id": "empty", "nodes": []}],
           "l7policies": [
             {"action": "REDIRECT_TO_POOL", "redirect_pool_id": "static.v-1_0", "position": 2,
              "rules": [{"type": "FILE_TYPE", "compare_type": "REGEX", "value": "^(css|js|png)$"}]},
             {"action": "REDIRECT_TO_POOL", "redirect_pool_id": "api", "position": 1,
              "rules": [{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/api/"}]}]}]}
        """

    private static let policies = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"protocol": "HTTP", "nodes": [{"id": "a", "address": "10.0.0.1", "port": 80}],
           "pools": [{"id": "p", "nodes": []}],
           "l7policies": [
             {"action": "REDIRECT_TO_POOL", "redirect_pool_id": "p", "position": 1, "name": "ignored",
              "rules": [{"type": "COOKIE", "compare_type": "EQUAL_TO", "key": "group", "value": "it's \\"blue\\" #1 $HOME \\\\"}]},
             {"action": "REDIRECT_TO_URL", "redirect_url": "https://www.example.com/a%20b?x=1#top", "redirect_http_code": 308,
              "position": 2, "rules": [
                {"type": "HOST_NAME", "compare_type": "EQUAL_TO", "value": "Old.example.com"},
                {"type": "HOST_NAME", "compare_type": "REGEX", "value": "^(a|b)[.]", "invert": true}]},
             {"action": "REDIRECT_PREFIX", "redirect_prefix": "https://www.example.com/base", "position": 1, "rules": [
                {"type": "PATH", "compare_type": "STARTS_WITH", "value": "/old/"},
                {"type": "PATH", "compare_type": "CONTAINS", "value": "//"}]},
             {"action": "REJECT", "position": 5, "rules": [
                {"type": "HEADER", "compare_type": "CONTAINS", "key": "User-Agent", "value": "-f evil"},
                {"type": "HEADER", "compare_type": "EQUAL_TO", "key": "Accept", "value": "a, b", "invert": true},
                {"type": "PATH", "compare_type": "ENDS_WITH", "value": "/admin"},
                {"type": "FILE_TYPE", "compare_type": "EQUAL_TO", "value": "php"}]},
             {"action": "REJECT", "position": 1, "rules": []}]}]}
        """

    private static let headersAndPages = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "HTTP", "redirect_to_https": true, "nodes": [],
           "rate_limit": {"requests_per_second": 10},
           "insert_headers": {"X-Forwarded-For": "true", "X-Forwarded-Proto": "true", "X-Forwarded-Port": true},
           "error_pages": {"503": "<p>Come back later.", "403": "<p>No.", "429": "<p>Slowly, please.", "408": null}}]}
        """

    private static let persistence = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"protocol": "HTTP", "session_persistence": {"type": "HTTP_COOKIE", "persistence_timeout": 600},
           "insert_headers": {"X-Forwarded-For": "false"},
           "nodes": [{"id": "a", "address": "10.0.0.1", "port": 80}, {"id": "b", "address": "10.0.0.1", "port": 80}],
           "pools": [
             {"id": "app", "session_persistence": {"type": "APP_COOKIE", "cookie_name": "JSESSIONID"},
              "nodes": [{"id": "a", "address": "10.0.1.1", "port": 80}, {"id": "b", "address": "app.example.com", "port": 80}]},
             {"id": "ip", "session_persistence": {"type": "SOURCE_IP", "persistence_timeout": 90},
              "nodes": [{"id": "a", "address": "10.0.2.1", "port": 80}]},
             {"id": "none", "session_persistence": {"type": "NONE"}, "nodes": [{"id": "a", "address": "10.0.3.1", "port": 80}]},
             {"id": "standard", "nodes": [{"id": "a", "address": "10.0.4.1", "port": 80}]}]},
          {"protocol": "TCP", "port": 3306, "session_persistence": {"type": "SOURCE_IP", "persistence_timeout": 7200},
           "nodes": [{"id": "a", "address": "10.0.0.1", "port": 3306}]}]}
        """

    private static let three = """
        {"hpcs_action": "UPDATE", "loadbalancers": [
          {"id": "web", "protocol": "HTTP", "address": "192.0.2.1", "nodes": [{"id": "a", "address": "10.0.0.1", "port": 80}],
           "allowed_cidrs": ["10.0.0.0/8"], "pools": [{"id": "api", "nodes": [{"id": "a", "address": "10.0.1.1", "port": 80}]}],
           "error_pages": {"503": "<p>Come back later."},
           "l7policies": [{"action": "REDIRECT_TO_POOL", "redirect_pool_id": "api",
             "rules": [{"type": "PATH", "compare_type": "STARTS_WITH", "value": "/api"}]}]},
          {"id": "web-2", "protocol": "HTTP", "address": "192.0.2.2", "nodes": [{"id": "a", "address": "10.0.0.1", "port": 80}]},
          {"id": "in.servers", "protocol": "GALERA", "port": 3306, "nodes": [{"id": "a", "address": "10.0.0.3", "port": 3306}]}]}
        """
}
