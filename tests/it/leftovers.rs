//! Environments that the definition does not have any more, and what publishing does about them.

use crate::manifest_site::ManifestSite;

const PRUNE: &str = "--prune-environments";

/// A site with a branch for each environment, published.
fn branches(propose: bool) -> ManifestSite {
    let site = ManifestSite::new();
    let propose = if propose { "  propose: true\n" } else { "" };
    let yaml = format!("{}  branch: environment/{{env}}\n{propose}", site.site.read("fab.yaml"));
    site.write("fab.yaml", &yaml);
    site.commit("branches");
    site.ok(&["publish"]);
    site
}

/// Takes an environment out of the definition; returns the commit.
fn drop_environment(site: &ManifestSite, name: &str) -> String {
    std::fs::remove_file(site.path(&format!("config/{name}.yaml"))).unwrap();
    site.commit(&format!("without {name}"))
}

#[track_caller]
fn says_nothing_of(site: &ManifestSite, args: &[&str], words: &str) {
    let run = site.ok(args);
    assert!(!run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn a_branch_of_its_own_is_emptied_if_asked() {
    let site = branches(false);
    site.others_commit("environment/qa", &[("by-hand.yaml", "a: 1\n"), ("web.yaml", "changed: 1\n")]);
    drop_environment(&site, "qa");
    let before = site.all();
    site.ok(&["publish"]).says(&[
        "`environment/qa` is published and no environment any more; --prune-environments removes it",
    ]);
    site.ok(&["publish", PRUNE, "--dry-run"]).says(&["Would remove `environment/qa`"]);
    assert_eq!(site.tip("environment/qa").to_string(), before["refs/heads/environment/qa"]);
    site.ok(&["publish", PRUNE]).says(&["Removed `environment/qa`, which is no environment any more"]);
    // What others have there stays, and so does the branch.
    assert_eq!(site.names("environment/qa"), ["by-hand.yaml"]);
    let message = site.message("environment/qa");
    assert!(message.contains(": without qa\n\nChanged in environment/qa: removed\n"), "{message}");
    assert!(message.contains("Fab-Source-Commit: ") && !message.contains("Fab-Output-Digest"), "{message}");
    assert_eq!(site.tip("environment/prod").to_string(), before["refs/heads/environment/prod"]);
    let all = site.all();
    says_nothing_of(&site, &["publish", PRUNE], "environment/qa");
    assert_eq!(site.all(), all);
}

#[test]
fn a_branch_with_nothing_else_is_empty_then_and_stays() {
    let site = branches(false);
    drop_environment(&site, "qa");
    // It does not matter which environments are published.
    site.ok(&["publish", PRUNE, "prod"]);
    assert_eq!(site.names("environment/qa"), [] as [&str; 0]);
    // The environment may come back.
    site.set("qa", "2");
    site.ok(&["publish", PRUNE]).says(&["Published qa to environment/qa"]);
    assert_eq!(site.names("environment/qa").len(), 5);
}

#[test]
fn proposals_of_it_go_too() {
    let site = branches(true);
    // What was proposed is applied.
    let tip = site.tip("environment/qa-next");
    site.manifests().reference("refs/heads/environment/qa", tip, true, "merge").unwrap();
    drop_environment(&site, "qa");
    site.ok(&["publish"]).says(&["`environment/qa` is", "`environment/qa-next` is"]);
    site.ok(&["publish", PRUNE]).says(&["Removed `environment/qa-next`", "Removed `environment/qa`"]);
    for branch in ["environment/qa", "environment/qa-next"] {
        assert_eq!(site.names(branch), [] as [&str; 0]);
    }
    assert_eq!(site.names("environment/prod-next").len(), 5);
}

#[test]
fn folders_that_are_proposed_go_too() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    site.set("qa", "2");
    site.ok(&["publish", "--propose"]);
    drop_environment(&site, "qa");
    site.ok(&["publish", "--propose", PRUNE])
        .says(&["Removed `main-next/qa, folder qa`", "Removed `main, folder qa`"]);
    // A proposal has what its branch has.
    for branch in ["main", "main-next/qa"] {
        assert!(site.names(branch).iter().all(|name| !name.starts_with("qa/")), "{branch}");
        assert!(site.names(branch).contains(&"prod/web.yaml".to_owned()), "{branch}");
    }
}

#[test]
fn a_branch_that_is_configured_for_it_is_found() {
    let site = ManifestSite::new();
    let yaml =
        format!("{}  environments: {{qa: {{branch: staging, path: x y}}}}\n", site.site.read("fab.yaml"));
    site.write("fab.yaml", &yaml);
    site.commit("staging");
    site.ok(&["publish"]);
    drop_environment(&site, "qa");
    site.ok(&["publish", PRUNE]).says(&["Removed `staging, folder x y`"]);
    assert_eq!(site.names("staging"), [] as [&str; 0]);
}

#[test]
fn what_only_looks_like_it_stays() {
    let site = branches(false);
    let qa = site.manifests().find_commit(site.tip("environment/qa")).unwrap().id();
    let copy =
        |name: &str| drop(site.manifests().reference(&format!("refs/heads/{name}"), qa, true, "x").unwrap());
    // Copies that somebody made to try something, inside the pattern and outside of it.
    copy("environment/qa-test");
    copy("mine");
    // The same environment of another definition, and a record that is none.
    let owned = site.files("environment/qa")["fab.owned"].replace("remotes/hld", "remotes/other");
    let owned = owned.replace("environment: qa", "environment: other");
    site.others_commit("environment/other", &[("fab.owned", &owned), ("web.yaml", "a: 1\n")]);
    site.others_commit("environment/odd", &[("fab.owned", "\u{1}\r\nx"), ("web.yaml", "a: 1\n")]);
    drop_environment(&site, "qa");
    let before = site.all();
    let run = site.ok(&["publish", PRUNE]).says(&["Removed `environment/qa`"]);
    assert_eq!(run.stderr.matches("Removed").count(), 1, "{}", run.stderr);
    for name in ["environment/qa-test", "mine", "environment/other", "environment/odd"] {
        assert_eq!(site.tip(name).to_string(), before[&format!("refs/heads/{name}")]);
    }
}

#[test]
fn a_newer_environment_is_no_leftover_of_an_older_commit() {
    for site in [ManifestSite::new(), branches(false)] {
        site.ok(&["publish"]);
        let older = site.set("prod", "2");
        site.set("new", "1");
        site.ok(&["publish"]).says(&["Published new"]);
        let all = site.all();
        // Its pipeline was slower.
        site.check_out(&older);
        let run = site.ok(&["publish", PRUNE]).says(&["prod: superseded"]);
        assert!(!run.stderr.contains("no environment any more"), "{}", run.stderr);
        assert_eq!(site.all(), all);
    }
}

#[test]
fn what_is_held_stays() {
    for (site, place) in [(ManifestSite::new(), "qa"), (branches(false), "environment/qa")] {
        site.ok(&["publish"]);
        site.set("qa", "2");
        site.ok(&["publish"]);
        site.ok(&["rollback", "qa"]);
        drop_environment(&site, "qa");
        let words = format!("`{place}` is no environment any more, and is held after a rollback; it stays");
        site.ok(&["publish", PRUNE]).says(&[&words]);
        let branch = if place == "qa" { "main" } else { place };
        assert!(site.names(branch).iter().any(|name| name.ends_with("web.yaml")));
    }
}

#[test]
fn environments_that_are_published_one_by_one_are_no_leftovers() {
    let site = ManifestSite::new();
    // One of two layers, which nobody lists, and places that only the command line tells.
    site.ok(&["publish", "prod+qa"]);
    site.ok(&["publish", "--path", "other", "qa"]);
    let args = ["publish", PRUNE, "--path", "mine", "prod"];
    says_nothing_of(&site, &args, "no environment any more");
    for file in ["prod-qa/web.yaml", "other/web.yaml", "mine/web.yaml"] {
        assert!(site.names("main").contains(&file.to_owned()), "{file}");
    }
}
