//! `fab`, the command line: everything is in [`fabrikate::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    fabrikate::cli::main()
}
