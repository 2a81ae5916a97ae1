//! `fab cache`: the folder that installed sources are kept in.

use std::process::ExitCode;
use std::time::Duration;

use super::{Result, Ui, world};
use crate::source::cache::Removed;

/// Show or empty the cache of installed sources.
#[derive(clap::Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(clap::Subcommand)]
enum CacheCommand {
    /// Print the folder.
    Dir,
    /// Remove everything.
    Clean,
    /// Remove what was not used for 30 days, and what killed runs left.
    Prune,
}

/// What is not used for so long is pruned.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Runs the command.
pub(super) fn run(args: &CacheArgs, ui: &mut Ui) -> Result<ExitCode> {
    let cache = world::cache()?;
    match args.command {
        CacheCommand::Dir => ui.data(format_args!("{}\n", cache.folder().display()))?,
        CacheCommand::Clean => told(cache.clean()?, ui),
        CacheCommand::Prune => told(cache.prune(UNUSED)?, ui),
    }
    Ok(ExitCode::SUCCESS)
}

fn told(removed: Removed, ui: &mut Ui) {
    let Removed { items, bytes } = removed;
    ui.status(format_args!("Removed {items} items ({} kB)", bytes.div_ceil(1000)));
}
