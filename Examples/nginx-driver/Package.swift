// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "nginx-driver",
    products: [
        .executable(name: "nginx-agent", targets: ["nginx-agent"]),
        .library(name: "NginxDriver", targets: ["NginxDriver"]),
    ],
    dependencies: [
        // Outside this repository: .package(url: "https://…/steelyard", from: "1.0.0").
        .package(name: "steelyard", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(name: "CProcesses"),
        .target(
            name: "NginxDriver",
            dependencies: [
                "CProcesses",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SteelyardCore", package: "steelyard"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "nginx-agent",
            dependencies: [
                "NginxDriver",
                .product(name: "SteelyardCore", package: "steelyard"),
                .product(name: "SteelyardWorker", package: "steelyard"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NginxDriverTests",
            dependencies: [
                "NginxDriver",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SteelyardCore", package: "steelyard"),
                .product(name: "SteelyardTestSupport", package: "steelyard"),
            ],
            swiftSettings: strict
        ),
    ]
)
