// swift-tools-version: 6.2

import PackageDescription

// One set of rules for every Swift target; what each one means:
// https://github.com/swiftlang/swift-evolution (SE-0335, SE-0444, SE-0409, SE-0461).
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// For the targets that touch C: every unsafe expression is marked as such.
let strictOverC = strict + [.strictMemorySafety()]

let fuzzedModules: [Target.Dependency] = [
    "ExecDriver", "HAProxyDriver", "HTTPStores", "LogArchiving", "LogFiles", "NoOpDriver", "S3Store", "SteelyardCore",
    "SteelyardWorker",
]

let package = Package(
    name: "steelyard",
    products: [
        .executable(name: "steelyard", targets: ["steelyard"]),
        // What a team needs for a driver of its own: the vocabulary, the worker to put it in, and the contract suite.
        .library(name: "SteelyardCore", targets: ["SteelyardCore"]),
        .library(name: "SteelyardWorker", targets: ["SteelyardWorker"]),
        .library(name: "SteelyardTestSupport", targets: ["SteelyardTestSupport"]),
        .library(name: "HAProxyDriver", targets: ["HAProxyDriver"]),
        .library(name: "NoOpDriver", targets: ["NoOpDriver"]),
        .library(name: "LogArchiving", targets: ["LogArchiving"]),
        .library(name: "OpenStackSwiftStore", targets: ["OpenStackSwiftStore"]),
        .library(name: "S3Store", targets: ["S3Store"]),
        .library(name: "ExecDriver", targets: ["ExecDriver"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
        // For the tests alone. The trait that is left out would bring in the whole of Foundation.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CGearman", pkgConfig: "gearmand", providers: [.apt(["libgearman-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .target(
            name: "SteelyardCore",
            dependencies: [
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Core",
            swiftSettings: strict
        ),
        .target(
            name: "SteelyardSystem",
            dependencies: [
                "CLinux",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/System",
            swiftSettings: strictOverC
        ),
        // Reads certificates and keys, and asks listeners for theirs.
        .target(
            name: "SteelyardCertificates",
            dependencies: ["CSSL", "SteelyardCore", "SteelyardSystem"],
            path: "Sources/Certificates",
            swiftSettings: strictOverC
        ),
        .target(
            name: "NoOpDriver",
            dependencies: [
                "SteelyardCore",
                "SteelyardSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Drivers/NoOp",
            swiftSettings: strict
        ),
        .target(
            name: "HAProxyDriver",
            dependencies: [
                "CLinux",
                "LogFiles",
                "SteelyardCertificates",
                "SteelyardCore",
                "SteelyardSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Drivers/HAProxy",
            swiftSettings: strictOverC
        ),
        // Runs a driver program in any language.
        .target(
            name: "ExecDriver",
            dependencies: [
                "SteelyardCore",
                "SteelyardSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Drivers/Exec",
            swiftSettings: strictOverC
        ),
        // What stores over HTTP share: requests through libcurl, retries, time limits, errors.
        .target(
            name: "HTTPStores",
            dependencies: [
                "CCrypto",
                "CCurl",
                "SteelyardCore",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Drivers/HTTPStores",
            swiftSettings: strictOverC
        ),
        .target(
            name: "OpenStackSwiftStore",
            dependencies: [
                "HTTPStores",
                "SteelyardCore",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Drivers/OpenStackSwift",
            swiftSettings: strict
        ),
        .target(
            name: "S3Store",
            dependencies: [
                "HTTPStores",
                "SteelyardCore",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Drivers/S3",
            swiftSettings: strictOverC
        ),
        // Reads the files of a log and what was rotated of it.
        .target(
            name: "LogFiles",
            dependencies: [
                "CBzip2",
                "CLZMA",
                "CZlib",
                "CZstd",
                "SteelyardCore",
                "SteelyardSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/LogFiles",
            swiftSettings: strictOverC
        ),
        // Reads, selects, compresses and uploads.
        .target(
            name: "LogArchiving",
            dependencies: [
                "CDeflate",
                "SteelyardCore",
                "SteelyardSystem",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Archiving",
            swiftSettings: strictOverC
        ),
        // A factory of swift-metrics that keeps the values in memory, and renders them for Prometheus.
        .target(
            name: "SteelyardMetrics",
            dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            path: "Sources/Metrics",
            swiftSettings: strict
        ),
        .target(
            name: "SteelyardWorker",
            dependencies: [
                "CSSL",
                "SteelyardCertificates",
                "SteelyardCore",
                "SteelyardMetrics",
                "SteelyardSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Worker",
            swiftSettings: strictOverC
        ),
        .executableTarget(
            name: "steelyard",
            dependencies: [
                "ExecDriver", "HAProxyDriver", "LogArchiving", "NoOpDriver", "OpenStackSwiftStore", "S3Store",
                "SteelyardCore", "SteelyardWorker",
            ],
            path: "Sources/Steelyard",
            swiftSettings: strict,
            plugins: ["ReleasePlugin"]
        ),
        .target(
            name: "SteelyardTestSupport",
            dependencies: ["SteelyardCore"],
            path: "Sources/TestSupport",
            swiftSettings: strict
        ),

        .executableTarget(name: "release-stamp", path: "Plugins/ReleaseStamp", swiftSettings: strict),
        .plugin(
            name: "ReleasePlugin",
            capability: .buildTool(),
            dependencies: ["release-stamp"],
            path: "Plugins/ReleasePlugin"
        ),

        // Starts the real servers that tests need, on free ports and in folders of their own.
        .target(
            name: "TestServers",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/TestServers",
            exclude: ["haproxy-2.8.txt", "openstack-swift", "s3", "schemas"],
            swiftSettings: strict
        ),
        // The agent under faults that come at random, with a model of what it may do: a short run in FaultTests, a long one
        // in scripts/soak.
        .target(
            name: "FaultSuite",
            dependencies: ["TestServers"],
            path: "Tests/FaultSuite",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "steelyard-soak",
            dependencies: [
                "FaultSuite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Soak",
            swiftSettings: strict
        ),
        .testTarget(
            name: "FaultTests",
            dependencies: ["FaultSuite", "steelyard", "TestServers"],
            swiftSettings: strict
        ),
        // What the tests of Core and of LogArchiving share.
        .target(
            name: "ArchivingTestSupport",
            dependencies: ["LogArchiving", "SteelyardCore", "SteelyardSystem"],
            path: "Tests/ArchivingTestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "LogArchivingTests",
            dependencies: [
                "ArchivingTestSupport",
                "LogArchiving",
                "LogFiles",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardTestSupport",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CoreTests",
            dependencies: [
                "ArchivingTestSupport",
                "LogArchiving",
                "NoOpDriver",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardTestSupport",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "apply-crasher",
            dependencies: [
                "HAProxyDriver",
                "SteelyardCertificates",
                "SteelyardCore",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/ApplyCrasher",
            swiftSettings: strict
        ),
        .testTarget(
            name: "HAProxyDriverTests",
            dependencies: [
                "apply-crasher",
                "HAProxyDriver",
                "LogArchiving",
                "LogFiles",
                "SteelyardCertificates",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardTestSupport",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ExecDriverTests",
            dependencies: [
                "ExecDriver",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardTestSupport",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["Programs"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "OpenStackSwiftStoreTests",
            dependencies: [
                "ArchivingTestSupport",
                "HTTPStores",
                "LogArchiving",
                "OpenStackSwiftStore",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardTestSupport",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "S3StoreTests",
            dependencies: [
                "ArchivingTestSupport",
                "HTTPStores",
                "LogArchiving",
                "S3Store",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardTestSupport",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "HAProxyDriver",
                "LogArchiving",
                "NoOpDriver",
                "SteelyardCertificates",
                "SteelyardCore",
                "SteelyardSystem",
                "SteelyardWorker",
                "TestServers",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CertificateTests",
            dependencies: ["SteelyardCertificates", "SteelyardCore", "TestServers"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "MetricsTests",
            dependencies: [
                "SteelyardCore",
                "SteelyardMetrics",
                "SteelyardWorker",
                "TestServers",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
        // The same sources, without the test and with the program, are what scripts/fuzz builds; see below.
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzedModules + ["TestServers"],
            path: "Tests/Fuzzing",
            exclude: ["Corpus", "Dictionaries", "Program"],
            swiftSettings: strictOverC
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "CGearman",
                "steelyard",
                "SteelyardCore",
                "TestServers",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
    ]
)

// scripts/fuzz sets the variable to the path of libFuzzer without its main function: a program of SwiftPM's has one of
// its own, as have the build tools, which `swift build --sanitize=fuzzer` would link with libFuzzer, too.
if let libFuzzer = Context.environment["STEELYARD_LIBFUZZER"] {
    for target in package.targets where target.type == .regular {
        target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer"]))
    }
    package.targets.removeAll { $0.name == "FuzzTests" }
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: fuzzedModules,
            path: "Tests/Fuzzing",
            exclude: ["Corpus", "CorpusTests.swift", "Dictionaries"],
            swiftSettings: strictOverC + [.enableExperimentalFeature("Extern")],
            linkerSettings: [.unsafeFlags([libFuzzer, "-lstdc++"])]
        )
    )
}
