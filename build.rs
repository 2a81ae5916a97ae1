//! Links `fab` at a fixed address on Linux, as `helm`, `kubectl` and `flux` are.
//!
//! A position-independent binary writes every pointer of its constants anew at each
//! start: a quarter of a thousand page faults, half of what a small chart takes.

#[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by the environment")]
fn main() {
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" && target("ARCH") == "x86_64" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
