//! Rows under headings, in columns that line up.
//!
//! On a terminal that is too narrow for them, one column is cut short, the one
//! that can be spared most; what a pipe or a file gets is complete.

/// The forms of output of what is a table for people.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Format {
    // Rows and columns.
    Table,
    // For other programs.
    Json,
}

/// A table with one line for each row.
pub(super) struct Table<const N: usize> {
    headings: [&'static str; N],
    /// The column that is cut short.
    cut: usize,
    rows: Vec<[String; N]>,
}

/// What stands between columns.
const GAP: &str = "  ";
/// A column is never cut to less.
const LEAST: usize = 12;

impl<const N: usize> Table<N> {
    /// Makes a table without rows, whose column number `cut` is cut short if there is need to.
    pub(super) fn new(headings: [&'static str; N], cut: usize) -> Self {
        Table { headings, cut, rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    /// Returns the lines, which are no wider than a terminal if there is one.
    pub(super) fn render(&self, terminal: Option<usize>) -> String {
        let mut widths = self.headings.map(width);
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        let whole = widths.iter().sum::<usize>() + GAP.len() * N.saturating_sub(1);
        if let Some(over) = terminal.and_then(|terminal| whole.checked_sub(terminal)) {
            let column = &mut widths[self.cut];
            *column = column.saturating_sub(over).max(LEAST.min(*column));
        }
        let mut text = String::new();
        line(&mut text, &widths, &self.headings);
        for row in &self.rows {
            line(&mut text, &widths, &row.each_ref().map(String::as_str));
        }
        text
    }
}

fn line<const N: usize>(text: &mut String, widths: &[usize; N], cells: &[&str; N]) {
    let start = text.len();
    for (&room, cell) in widths.iter().zip(cells) {
        if text.len() > start {
            text.push_str(GAP);
        }
        let over = width(cell) > room;
        // Some of it comes from elsewhere, and a terminal would obey it.
        let shown = cell.chars().map(|c| if c.is_control() { ' ' } else { c });
        text.extend(shown.take(if over { room - 1 } else { room }));
        text.push_str(if over { "…" } else { "" });
        text.extend(std::iter::repeat_n(' ', room.saturating_sub(width(cell))));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(terminal: Option<usize>, want: &str) {
        let mut table = Table::new(["NAME", "SOURCE", "STATE"], 1);
        table.push(["├─ web".to_owned(), "https://charts.example.com".to_owned(), "on".to_owned()]);
        table.push(["x".to_owned(), String::new(), String::new()]);
        assert_eq!(table.render(terminal), want);
    }

    #[test]
    fn columns_line_up() {
        let want = "NAME    SOURCE                      STATE\n\
                    ├─ web  https://charts.example.com  on\n\
                    x\n";
        check(None, want);
        check(Some(100), want);
        check(Some(41), want);
    }

    #[test]
    fn a_narrow_terminal_cuts_one_column() {
        check(
            Some(31),
            "NAME    SOURCE            STATE\n\
             ├─ web  https://charts.…  on\n\
             x\n",
        );
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        let mut table = Table::new(["A"], 0);
        table.push(["x\u{1b}[2Jy\nz".to_owned()]);
        assert_eq!(table.render(None), "A\nx [2Jy z\n");
    }

    #[test]
    fn a_column_is_not_cut_to_nothing() {
        check(
            Some(5),
            "NAME    SOURCE        STATE\n\
             ├─ web  https://cha…  on\n\
             x\n",
        );
    }
}
