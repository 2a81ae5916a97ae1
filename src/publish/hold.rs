//! `fab.hold`: an environment was rolled back, and publishing leaves it alone.
//!
//! The file is in the folder of the environment in the manifest repository, so
//! that every pipeline sees it, and goes with `fab resume`.

/// Name of the file, in the folder of an environment.
pub(super) const FILE: &str = "fab.hold";

const HEADING: &str = "# Publishing leaves this environment alone until `fab resume`.\n";

/// Why an environment is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hold {
    /// The environment.
    pub environment: String,
    /// The source commit that is published.
    pub source: String,
    /// The source commit that was rolled back.
    pub from: String,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub by: String,
    /// When, as in RFC 3339.
    pub since: String,
}

impl Hold {
    /// Reads the file.
    pub(super) fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.unwrap_or_default().to_owned()
        };
        Hold {
            environment: field("environment"),
            source: field("source"),
            from: field("from"),
            reason: field("reason"),
            by: field("by"),
            since: field("since"),
        }
    }

    /// Returns the text of the file.
    pub(super) fn to_text(&self) -> String {
        let fields = [
            ("environment", &self.environment),
            ("source", &self.source),
            ("from", &self.from),
            ("reason", &self.reason),
            ("by", &self.by),
            ("since", &self.since),
        ];
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines = fields.into_iter().filter(|(_, value)| !value.is_empty());
        lines.fold(HEADING.to_owned(), |text, (name, value)| text + &format!("{name}: {}\n", line(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_read_as_it_was_written() {
        let hold = Hold {
            environment: "prod".to_owned(),
            reason: "checkout fails".to_owned(),
            source: "1".to_owned(),
            ..Hold::default()
        };
        let text = hold.to_text();
        assert_eq!(text, format!("{HEADING}environment: prod\nsource: 1\nreason: checkout fails\n"));
        assert_eq!(Hold::parse(&text), hold);
    }
}
