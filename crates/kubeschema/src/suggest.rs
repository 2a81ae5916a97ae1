//! Finds what somebody meant who made a typo.

/// Returns the candidate that is most like `name`, if any is near enough to be meant.
pub fn closest<'a, I>(name: &str, candidates: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a str>,
{
    let folded = name.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
    let (distance, nearest) = candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    // One slip in three characters still reads as the same word, unless nothing of it is left.
    let length = name.chars().count();
    (distance <= length.max(3) / 3 && distance < length).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[track_caller]
    fn check(name: &str, want: Option<&str>) {
        assert_eq!(closest(name, ["subcomponents", "source", "path", "type"]), want, "{name:?}");
    }

    #[track_caller]
    fn check_field(name: &str, want: Option<&str>) {
        assert_eq!(closest(name, ["containers", "restartPolicy", "ip"]), want, "{name:?}");
    }

    #[test]
    fn a_misspelt_field_is_recognized() {
        check_field("continers", Some("containers"));
        check_field("restartpolicy", Some("restartPolicy"));
        check_field("restart_policy", Some("restartPolicy"));
        check_field("pi", Some("ip"));
        check_field("volumes", None);
    }

    #[test]
    fn a_slip_is_understood() {
        check("subcomponent", Some("subcomponents"));
        check("subcomponets", Some("subcomponents"));
        check("Source", Some("source"));
        check("pth", Some("path"));
        check("tpye", Some("type"));
    }

    #[test]
    fn another_word_is_not() {
        check("values", None);
        check("x", None);
        assert_eq!(closest("x", ["y"]), None);
        check("", None);
    }
}
