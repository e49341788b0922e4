// The packages that Rust comes from where there is no image of its makers.

/**
 * The newest Rust of Debian stable is the one that its browsers are built with; it brings a linker. Newer Rust compiles older code.
 * cargo-auditable writes the list of crates into programs.
 */
export const rustPackages = ["ca-certificates", "cargo-web", "cargo-auditable"]
