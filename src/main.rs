//! The `laban` command: everything is in `laban::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    laban::cli::main()
}
