//! `fab`, the command line: everything is in [`fabrikate::cli`].

use std::process::ExitCode;

/// Rendering a chart makes many small values that live briefly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fabrikate::cli::main()
}
