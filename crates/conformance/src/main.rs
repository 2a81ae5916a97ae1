//! Runs recorded cases.

fn main() {}
