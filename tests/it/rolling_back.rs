//! `fab history`, `rollback`, `resume` and `verify`.

use serde_json::{Value as Json, json};

use crate::manifest_site::{ManifestSite, without_books};

/// Three publishes of `prod`: tags 1, 2 and 3.
fn published(args: &[&str]) -> (ManifestSite, [String; 3]) {
    let site = ManifestSite::new();
    let args = [&["publish"], args].concat();
    let commits = ["1", "2", "3"].map(|tag| {
        let commit = site.set("prod", &format!("v{tag}"));
        site.ok(&args);
        commit
    });
    (site, commits)
}

#[track_caller]
fn check_tag(site: &ManifestSite, file: (&str, &str), tag: &str) {
    let text = &site.files(file.0)[file.1];
    assert!(text.contains(&format!(r#"{{\"tag\":\"{tag}\"}}"#)), "{text}");
}

#[test]
fn a_history_has_what_was_published() {
    let (site, [first, second, third]) = published(&[]);
    site.others_commit("main", &[("README.md", "x")]);
    let run = site.ok(&["history", "prod"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("DATE"), "{lines:?}");
    assert_eq!(lines.len(), 4, "{lines:?}");
    for (line, (commit, tag)) in lines[1..].iter().zip([(third, "v3"), (second, "v2"), (first, "v1")]) {
        assert!(line.contains(&commit[..7]) && line.contains("publish"), "{line}");
        assert!(line.contains("Ada Park") && line.ends_with(&format!("prod: tag {tag}")), "{line}");
    }
    assert!(lines[1].contains("+0 ~1 -0") && lines[3].contains("+3 ~0 -0"), "{lines:?}");
    // Another environment did not change.
    assert_eq!(site.ok(&["history", "qa"]).stdout.lines().count(), 2);
    site.others_commit("main", &[("prod/web.yaml", "a: 1\n")]);
    let run = site.ok(&["history", "prod", "-n", "1"]);
    assert!(run.stdout.contains("by hand"), "{}", run.stdout);
    site.fails(&["history", "dev"], 2, &["`dev` is not published: branch `main` has no `dev/fab.owned`"]);
}

#[test]
fn other_programs_get_the_history_in_json() {
    let (site, [_, second, third]) = published(&[]);
    site.ok(&["rollback", "prod", "--reason", "checkout fails"]);
    let run = site.ok(&["history", "prod", "-n", "2", "--output-format", "json"]);
    let history: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(history["environment"], "prod");
    assert_eq!(history["hold"]["reason"], "checkout fails");
    assert_eq!(history["hold"]["rolledBackFrom"], third);
    let publishes = history["publishes"].as_array().unwrap();
    let kinds: Vec<&Json> = publishes.iter().map(|publish| &publish["kind"]).collect();
    assert_eq!(kinds, ["rollback", "publish"]);
    assert_eq!([&publishes[0]["source"], &publishes[1]["source"]], [&second, &third]);
    assert_eq!(publishes[1]["files"], json!({"added": 0, "changed": 1, "removed": 0}));
}

#[test]
fn a_rollback_is_held_until_it_is_resumed() {
    let (site, [first, second, third]) = published(&[]);
    site.others_commit("main", &[("prod/by-hand.yaml", "a: 1\n")]);
    let before = site.commits("main");
    let run = site.ok(&["rollback", "prod", "--reason", "checkout fails"]);
    run.says(&[&format!("Rolled back prod to {} (prod: tag v2)", &second[..7]), "`fab resume prod`"]);
    assert_eq!(site.commits("main"), before + 1);
    check_tag(&site, ("main", "prod/web.yaml"), "v2");
    let files = site.files("main");
    assert!(files["prod/hydrator.metadata"].contains(&second));
    assert_eq!(files["prod/by-hand.yaml"], "a: 1\n");
    let hold = &files["prod/fab.hold"];
    for line in
        [format!("source: {second}\n"), format!("from: {third}\n"), "reason: checkout fails\n".to_owned()]
    {
        assert!(hold.contains(&line), "{hold}");
    }
    let message = site.message("main");
    assert!(message.starts_with(&format!("Roll back prod to {}: prod: tag v2\n", &second[..7])), "{message}");
    assert!(
        message.contains("Fab-Hold: checkout fails\n") && message.contains("Fab-Rollback-To: "),
        "{message}"
    );

    // Held: a newer commit is not published there, and elsewhere it is.
    site.set("qa", "v4");
    site.set("prod", "v4");
    site.ok(&["publish"]).says(&["prod is held (checkout fails) and was not published", "Published qa"]);
    check_tag(&site, ("main", "prod/web.yaml"), "v2");
    site.ok(&["history", "prod"]).says(&["prod is held since", "checkout fails"]);
    // Back again is further back.
    site.ok(&["rollback", "prod"]);
    check_tag(&site, ("main", "prod/web.yaml"), "v1");
    assert!(site.files("main")["prod/hydrator.metadata"].contains(&first));

    site.ok(&["resume", "prod"]).says(&["Resumed prod"]);
    assert!(!site.names("main").contains(&"prod/fab.hold".to_owned()));
    site.ok(&["resume", "prod"]).says(&["prod is not held"]);
    site.ok(&["publish"]).says(&["Published prod"]);
    check_tag(&site, ("main", "prod/web.yaml"), "v4");
}

#[test]
fn a_rollback_says_what_to_revert() {
    let (site, [first, _, third]) = published(&[]);
    let run = site.ok(&["rollback", "prod", "--to", &first[..9]]);
    assert_eq!(run.stdout, format!("git revert --no-edit {first}..{third}\n"));
    check_tag(&site, ("main", "prod/web.yaml"), "v1");
    site.fails(&["rollback", "prod", "--to", "0123456"], 2, &["`prod` has no published commit `0123456`"]);
    site.fails(
        &["rollback", "prod", "--steps", "9"],
        2,
        &["`prod` has no publish 9 before this one", "fab history prod"],
    );
}

#[test]
fn a_rollback_takes_the_proposal_back_too() {
    let args = ["--branch", "environment/{env}", "--propose", "prod"];
    let (site, [_, second, third]) = published(&args);
    // What was proposed last is applied.
    let tip = site.tip("environment/prod-next");
    site.manifests().reference("refs/heads/environment/prod", tip, true, "merge").unwrap();
    site.ok(&[&["rollback"], &args[..]].concat());
    for branch in ["environment/prod", "environment/prod-next"] {
        check_tag(&site, (branch, "web.yaml"), "v2");
        assert!(site.names(branch).contains(&"fab.hold".to_owned()));
        assert_eq!(site.note(site.tip(branch)).unwrap(), format!("{{\"drySha\":\"{second}\"}}\n"));
    }
    assert_ne!(second, third);
    site.ok(&[&["publish"], &args[..]].concat()).says(&["prod is held"]);
    site.ok(&[&["resume"], &args[..]].concat());
    site.ok(&[&["publish"], &args[..]].concat()).says(&["Published prod"]);
}

#[test]
fn what_is_published_is_what_its_commit_renders() {
    let (site, _) = published(&[]);
    // What is on disk has no part in it.
    site.write("config/prod.yaml", "subcomponents: {web: {config: {tag: 'other'}}}\n");
    site.ok(&["verify", "prod"]).says(&["prod is as ", " renders: 3 files are the same"]);
    site.others_commit("main", &[("prod/web.yaml", "a: 1\n"), ("prod/shop.yaml", "")]);
    let run = site.fab(&["verify", "prod"]).exited(1, &["verify"]).says(&["2 files differ"]);
    assert_eq!(run.stdout, "missing shop.yaml\nchanged web.yaml\n");
}

#[test]
fn a_definition_in_a_folder_is_verified_with_what_it_installs() {
    let site = ManifestSite::new();
    site.site.repository("comp").commit(&[
        ("component.yaml", "name: comp\ntype: static\npath: m\n"),
        ("m/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
    ]);
    site.write(
        "shop/component.yaml",
        "name: shop\nsubcomponents:\n- {name: comp, method: git, source: REMOTES/comp}\n",
    );
    site.write("shop/config/prod.yaml", "subcomponents: {}\n");
    site.write(".gitignore", "components/\n");
    let url = site.url();
    let target = ["-C", "shop", "--repository", &url];
    site.ok(&["install", "shop"]);
    site.commit("shop");
    site.ok(&[&["publish"], &target[..]].concat());
    assert!(site.files("main")["prod/fab.owned"].contains("# definition: shop\n"));
    assert!(site.message("main").contains("Fab-Definition: shop\n"));
    std::fs::remove_dir_all(site.path("shop/components")).unwrap();
    site.ok(&[&["verify", "prod"], &target[..]].concat()).says(&["2 files are the same"]);
    assert_eq!(without_books(site.files("main")).len(), 2);
}
