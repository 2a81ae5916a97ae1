//! What somebody may have meant.

/// Returns the name that is nearest to a misspelt one, if one is near.
pub(crate) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = wrong.to_lowercase();
    let scored = names.map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name));
    let limit = wrong.chars().count() / 3;
    scored
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= limit.max(1))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[track_caller]
    fn check(wrong: &str, want: Option<&str>) {
        assert_eq!(nearest(wrong, ["containers", "restartPolicy", "ip"].into_iter()), want);
    }

    #[test]
    fn a_misspelt_name_is_recognized() {
        check("continers", Some("containers"));
        check("restartpolicy", Some("restartPolicy"));
        check("restart_policy", Some("restartPolicy"));
        check("pi", Some("ip"));
        check("volumes", None);
    }
}
