//! What commands that change a definition have in common: where, and whether
//! the changes are written or only shown.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Result, Ui};
use crate::edit::{Edited, write_all};

/// Where, and what becomes of the changes.
#[derive(clap::Args)]
pub(super) struct ChangeArgs {
    /// Folder of the component.
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// Print what would change as a diff, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

impl ChangeArgs {
    /// Writes the changes or shows them.
    pub(super) fn finish(&self, files: &[Edited], ui: &mut Ui) -> Result<ExitCode> {
        if self.dry_run {
            ui.data(files.iter().map(diff).collect::<String>())?;
        } else {
            write_all(files)?;
        }
        for file in files {
            let what = match (&file.before, file.is_changed(), self.dry_run) {
                (_, false, _) => "Nothing to change in",
                (_, true, true) => "Would change",
                (None, true, false) => "Made",
                (Some(_), true, false) => "Changed",
            };
            ui.status(format_args!("{what} {}", file.file));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns a change as a unified diff.
fn diff(file: &Edited) -> String {
    let before = file.before.as_deref().unwrap_or_default();
    if !file.is_changed() {
        return String::new();
    }
    let old = if file.before.is_some() { format!("a/{}", file.file) } else { "/dev/null".to_owned() };
    let diff = similar::TextDiff::from_lines(before, &file.after);
    diff.unified_diff().context_radius(3).header(&old, &format!("b/{}", file.file)).to_string()
}
