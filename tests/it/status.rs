//! `fab status`: what is published.

use std::collections::BTreeMap;

use crate::hld::Run;
use crate::manifest_site::ManifestSite;

/// Two publishes, the second of `prod` alone, and a source commit that changes nothing.
pub(crate) struct Published {
    pub(crate) site: ManifestSite,
    /// What commits are called in snapshots, by their hashes.
    pub(crate) names: BTreeMap<String, &'static str>,
}

impl Published {
    pub(crate) fn new(args: &[&str]) -> Self {
        let site = ManifestSite::new();
        let mut names = BTreeMap::new();
        let publish = [&["publish"], args].concat();
        names.insert(site.set("prod", "v1"), "source-1");
        site.ok(&publish);
        names.insert(site.tip("main").to_string(), "manifests-1");
        names.insert(site.set("prod", "v2"), "source-2");
        site.ok(&publish);
        names.insert(site.tip("main").to_string(), "manifests-2");
        Published { site, names }
    }

    /// Runs `fab status`; hashes and times in what it prints are replaced.
    #[track_caller]
    pub(crate) fn status(&self, args: &[&str], code: i32) -> String {
        let run = self.site.fab(&[&["status"], args].concat()).exited(code, args);
        self.named(&run)
    }

    pub(crate) fn named(&self, run: &Run) -> String {
        let mut text = run.stdout.clone();
        if !run.stderr.is_empty() {
            text = format!("{text}--- stderr ---\n{}", run.stderr);
        }
        text = text.replace(self.site.site.all().to_str().unwrap(), "SITE");
        for (hash, name) in &self.names {
            text = text.replace(hash, name);
            // As wide as what it replaces, so that columns stay in line.
            let (kind, number) = name.split_once('-').unwrap();
            text = text.replace(&hash[..7], &format!("{kind:.5}-{number}"));
        }
        without_times(&text)
    }
}

/// Puts one moment in the place of all.
fn without_times(text: &str) -> String {
    let mut text = text.to_owned();
    let is_time = |part: &[u8]| {
        let digits = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18];
        digits.iter().all(|at| part[*at].is_ascii_digit()) && part[10] == b'T' && part[19] == b'Z'
    };
    while let Some(at) = text.as_bytes().windows(20).position(is_time) {
        text.replace_range(at..at + 20, "YYYY-MM-DDThh:mm:ssZ");
    }
    text
}

#[test]
fn what_is_published_is_told_for_each_environment() {
    let mut published = Published::new(&[]);
    let site = &published.site;
    site.write("README.md", "x");
    let third = site.commit("docs");
    site.ok(&["publish"]);
    published.names.insert(third, "source-3");
    insta::assert_snapshot!(published.status(&[], 0));
    insta::assert_snapshot!(published.status(&["--output-format", "json", "prod"], 0));
}

#[test]
fn a_hold_a_change_by_hand_and_what_was_never_published_are_told() {
    let mut published = Published::new(&[]);
    published.site.ok(&["rollback", "prod", "--reason", "checkout\u{1b}[2J fails"]);
    published.names.insert(published.site.tip("main").to_string(), "manifests-3");
    published.site.others_commit("main", &[("qa/web.yaml", "a: 1\n")]);
    published.names.insert(published.site.tip("main").to_string(), "manifests-4");
    insta::assert_snapshot!(published.status(&["prod", "qa", "dev"], 0));
}

#[test]
fn a_slip_of_the_pen_is_not_only_unpublished() {
    let published = Published::new(&[]);
    let run = published.site.fab(&["status", "prdo"]);
    assert!(run.stdout.contains("not published"), "{}", run.stdout);
    run.says(&["`prdo` is not published; did you mean `prod`?"]);
}

#[test]
fn a_proposal_is_not_what_is_published() {
    let published = Published::new(&[]);
    published.site.set("prod", "v3");
    published.site.ok(&["publish", "prod", "--propose"]);
    let tip = published.site.tip("main-next/prod").to_string();
    let text = published.status(&["prod", "--propose"], 0);
    assert!(text.contains("published; ") && text.contains(" is proposed"), "{text}");
    assert!(!text.contains(&tip[..7]), "{text}");
}

#[test]
fn err_a_repository_that_cannot_be_reached() {
    let site = ManifestSite::new();
    let run = site.fab(&["status", "--repository", "https://127.0.0.1:1/x"]);
    run.exited(2, &["status"]).says(&["cannot use the manifest repository `https://127.0.0.1:1/x`"]);
}
