//! `fab publish` loses a race at a known moment: somebody else is done between
//! its look at the manifest repository and its push.
//!
//! Publishing tells when it pushes; what the others do is done then. Nothing sleeps.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::SystemTime;

use fabrikate::config::Environment;
use fabrikate::error::Failure;
use fabrikate::publish::{
    Override, Pauses, PlaceSettings, PublishEvent, PublishOptions, Published, Verdict, publish,
    read_manifests,
};
use fabrikate::source::Cache;

use crate::manifest_site::ManifestSite;

const ALONE: [&str; 2] = ["--branch", "environment/{env}"];

/// A publisher that tells the others when it pushes.
struct Racer<'a> {
    site: &'a ManifestSite,
    branch: Option<&'a str>,
    variables: Vec<(String, String)>,
}

impl<'a> Racer<'a> {
    fn new(site: &'a ManifestSite) -> Self {
        Racer { site, branch: None, variables: Vec::new() }
    }

    /// Publishes `prod` as it is checked out; `others` are told how often something was pushed already.
    fn publish(&self, others: &dyn Fn(usize)) -> Result<Published, Vec<Failure>> {
        self.publish_all(&["prod"], others)
    }

    fn publish_all(&self, names: &[&str], others: &dyn Fn(usize)) -> Result<Published, Vec<Failure>> {
        let generated = self.site.site.all().join("generated");
        let output = generated.to_str().unwrap();
        self.site.ok(&[&["generate", "-q", "--each", "-o", output], names].concat());
        let environments: Vec<Environment> = names.iter().map(|name| Environment::new([name])).collect();
        let outputs = read_manifests(&generated, &environments).unwrap();
        let options = PublishOptions {
            directory: self.site.path(""),
            repository: None,
            place: PlaceSettings { branch: self.branch.map(str::to_owned), path: None, propose: None },
            overrides: BTreeSet::<Override>::new(),
            max_deletions: None,
            message: None,
            dry_run: false,
            cache: Cache::new(&self.site.site.all().join("racer"), SystemTime::UNIX_EPOCH),
            variables: self.variables.clone(),
            now: SystemTime::UNIX_EPOCH,
            pauses: Pauses { chance: 1, wait: |_| {} },
        };
        let pushes = Cell::new(0);
        publish(&options, &outputs, &|event| {
            if matches!(event, PublishEvent::Pushing { .. }) {
                others(pushes.replace(pushes.get() + 1));
            }
        })
    }
}

#[track_caller]
fn verdict(published: Result<Published, Vec<Failure>>) -> Verdict {
    let published = published.unwrap_or_else(|failures| panic!("{failures:?}"));
    published.environments[0].verdict.clone()
}

/// Whether the tag is what the environment has.
#[track_caller]
fn check_tag(site: &ManifestSite, (branch, file): (&str, &str), tag: &str) {
    let text = &site.files(branch)[file];
    assert!(text.contains(&format!(r#"{{\"tag\":\"{tag}\"}}"#)), "{text}");
}

/// A newer commit that changes nothing is noted while an older one, which does, is pushed.
#[track_caller]
fn check_note_in_between(layout: &[&str], branch: Option<&str>, (tip, file): (&str, &str)) {
    let site = ManifestSite::new();
    let args = [&["publish", "prod"], layout].concat();
    site.ok(&args);
    let before = site.files(tip);
    let (older, newer) = (site.set("prod", "2"), site.set("prod", "1"));
    site.check_out(&older);
    let racer = Racer { branch, ..Racer::new(&site) };
    let published = racer.publish(&|pushes| {
        if pushes == 0 {
            site.check_out(&newer);
            site.ok(&args).says(&["prod is up to date"]);
        }
    });
    // The push was taken, as the branch had not moved: it is taken back.
    assert_eq!(verdict(published), Verdict::Superseded { by: newer.clone() });
    assert_eq!(site.files(tip), before);
    assert_eq!(
        (site.commits(tip), site.message(tip).lines().next().unwrap()),
        (3, "Restore prod: a newer source commit is published")
    );
    // Nobody does anything more.
    let all = site.all();
    site.ok(&args).says(&["prod is up to date"]);
    site.check_out(&older);
    site.ok(&args).says(&["prod: superseded"]);
    assert_eq!(site.all(), all);
    check_tag(&site, (tip, file), "1");
}

#[test]
fn an_older_commit_gives_way_to_a_newer_one_that_changed_nothing() {
    check_note_in_between(&[], None, ("main", "prod/web.yaml"));
    check_note_in_between(&ALONE, Some("environment/{env}"), ("environment/prod", "web.yaml"));
}

#[test]
fn a_newer_commit_that_is_only_noted_takes_the_place_of_an_older_one() {
    let site = ManifestSite::new();
    site.ok(&["publish", "prod"]);
    let (older, newer) = (site.set("prod", "2"), site.set("prod", "1"));
    // The older one is there before the note is, which it could not see.
    let published = Racer::new(&site).publish(&|pushes| {
        if pushes == 0 {
            site.check_out(&older);
            site.ok(&["publish", "prod"]).says(&["Published prod"]);
        }
    });
    assert!(matches!(verdict(published), Verdict::Published { .. }));
    check_tag(&site, ("main", "prod/web.yaml"), "1");
    assert!(site.files("main")["prod/hydrator.metadata"].contains(&newer));
}

#[test]
fn an_older_commit_is_superseded_by_one_that_was_faster() {
    let site = ManifestSite::new();
    site.ok(&["publish", "prod"]);
    let (older, newer) = (site.set("prod", "2"), site.set("prod", "3"));
    site.check_out(&older);
    let published = Racer::new(&site).publish(&|pushes| {
        assert_eq!(pushes, 0);
        site.check_out(&newer);
        site.ok(&["publish", "prod"]);
    });
    assert_eq!(verdict(published), Verdict::Superseded { by: newer });
    check_tag(&site, ("main", "prod/web.yaml"), "3");
    assert_eq!(site.commits("main"), 2);
}

#[test]
fn a_commit_is_built_anew_on_what_others_pushed() {
    let site = ManifestSite::new();
    site.ok(&["publish", "prod"]);
    site.set("prod", "2");
    let moved = RefCell::new(Vec::new());
    let published = Racer::new(&site).publish(&|pushes| {
        if pushes < 3 {
            site.others_commit("main", &[(&format!("other/{pushes}.yaml"), "a: 1\n")]);
            moved.borrow_mut().push(site.tip("main"));
        }
    });
    let retries = published.as_ref().unwrap().retries;
    let Verdict::Published { commit, .. } = verdict(published) else { panic!() };
    let tip = site.tip("main");
    assert_eq!((commit, retries), (Some(tip.to_string()), 3));
    let parent = site.manifests().find_commit(tip).unwrap().parent_id(0).unwrap();
    assert_eq!(Some(&parent), moved.borrow().last());
    let names = site.names("main");
    assert_eq!(names.iter().filter(|name| name.starts_with("other/")).count(), 3);
    check_tag(&site, ("main", "prod/web.yaml"), "2");
}

#[test]
fn a_branch_that_moves_while_another_one_is_pushed_is_not_overwritten() {
    let site = ManifestSite::new();
    site.ok(&["publish", "--branch", "environment/{env}"]);
    site.set("prod", "2");
    site.set("qa", "2");
    let racer = Racer { branch: Some("environment/{env}"), ..Racer::new(&site) };
    let published = racer.publish_all(&["prod", "qa"], &|pushes| {
        // Both were planned; the first one is pushed, and looked at again.
        if pushes == 0 {
            site.others_commit("environment/qa", &[("README.md", "r\n")]);
        }
    });
    assert_eq!(published.unwrap().retries, 1);
    assert_eq!(site.files("environment/qa")["README.md"], "r\n");
    check_tag(&site, ("environment/qa", "web.yaml"), "2");
}

#[test]
fn err_guards_look_again_at_what_others_pushed() {
    let site = ManifestSite::new();
    site.ok(&["publish", "prod"]);
    site.write("late/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n");
    let component = site.site.read("component.yaml") + "- {name: late, type: static, path: ./late}\n";
    site.write("component.yaml", &component);
    site.commit("late");
    let failures =
        Racer::new(&site).publish(&|_| site.others_commit("main", &[("prod/late.yaml", "a: 1\n")]));
    let failures = failures.unwrap().failures;
    assert_eq!(failures[0].error.to_string(), "`prod` has files that fab did not write: `late.yaml`");
    assert_eq!(site.message("main"), "by hand");
    // So does a hold.
    let site = ManifestSite::new();
    site.ok(&["publish", "prod"]);
    site.set("prod", "2");
    site.ok(&["publish", "prod"]);
    site.set("prod", "3");
    let published =
        Racer::new(&site).publish(&|_| drop(site.ok(&["rollback", "prod", "--reason", "it fails"])));
    assert_eq!(verdict(published), Verdict::Held { reason: "it fails".to_owned() });
    check_tag(&site, ("main", "prod/web.yaml"), "1");
}

#[test]
fn err_others_are_always_faster() {
    let site = ManifestSite::new();
    site.ok(&["publish", "prod"]);
    site.set("prod", "2");
    let pushed = Cell::new(0);
    let failures = Racer::new(&site).publish(&|pushes| {
        pushed.set(pushes + 1);
        site.others_commit("main", &[("README.md", &format!("{pushes}\n"))]);
    });
    let failure = &failures.unwrap().failures[0].error;
    assert_eq!(failure.to_string(), "`main` has moved 60 times while the commit was pushed");
    assert_eq!(failure.hint().unwrap(), "the branch is as it was; run it again");
    assert_eq!(pushed.get(), 60);
    check_tag(&site, ("main", "prod/web.yaml"), "1");
    site.ok(&["publish", "prod"]).says(&["Published prod"]);
}
