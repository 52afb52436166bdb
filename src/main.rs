//! Arguments in, exit code out.

use std::process::ExitCode;

/// The daemon sleeps most of the time: an allocator that gives back what a cycle needed keeps it small.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    formulary::cli::main(std::env::args_os())
}
