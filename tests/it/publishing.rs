//! `fab publish`: what the manifest repository has afterwards.

use crate::manifest_site::{ManifestSite, without_books};

const TREE: [&str; 10] = [
    "prod/base.yaml",
    "prod/fab.owned",
    "prod/hydrator.metadata",
    "prod/shop.yaml",
    "prod/web.yaml",
    "qa/base.yaml",
    "qa/fab.owned",
    "qa/hydrator.metadata",
    "qa/shop.yaml",
    "qa/web.yaml",
];

#[test]
fn a_definition_is_published() {
    let site = ManifestSite::new();
    site.ok(&["publish"]).says(&["Published prod to main, folder prod as ", "Published qa"]);
    assert_eq!(site.names("main"), TREE);
    assert_eq!(without_books(site.files("main")), site.rendered(&[]));
}

#[test]
fn one_commit_tells_what_it_is_from() {
    let site = ManifestSite::new();
    let first = site.site.read("fab.yaml") + "  author: Robot <robot@example.com>\n";
    site.write("fab.yaml", &first);
    let commit = site.commit("shop: image 1.4.2 [skip ci]\n\nRolls out the fix.\n\nArgocd-reference-commit-author: Bo Lind <bo@example.com>\nArgocd-reference-commit-sha: 5f2c0d9e8b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d\n");
    site.ok(&["publish"]);
    let message = site.message("main");
    let digest = message.lines().find(|line| line.starts_with("Fab-Output-Digest: sha256:")).unwrap();
    let hld = site.site.all().join("remotes/hld");
    let want = format!(
        "{}: shop: image 1.4.2\n\nRolls out the fix.\n\nChanged in prod: base, shop, web\nChanged in qa: base, shop, web\n\nCo-authored-by: Bo Lind <bo@example.com>\nCo-authored-by: Ada Park <ada@example.com>\nFab-Source-Repo: {}\nFab-Source-Commit: {commit}\nFab-Environments: prod, qa\n{digest}\nFab-Version: {}\n",
        &commit[..7],
        hld.display(),
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(message, want);
    let manifests = site.manifests();
    let made = manifests.find_commit(site.tip("main")).unwrap();
    assert_eq!((made.author().name().unwrap(), made.parent_count()), ("Robot", 0));
    let metadata = &site.files("main")["prod/hydrator.metadata"];
    assert!(metadata.contains(&format!("\"drySha\": \"{commit}\"")), "{metadata}");
    assert!(metadata.contains("\"author\": \"\\\"Bo Lind\\\" <bo@example.com>\""), "{metadata}");
}

#[test]
fn nothing_changed_is_no_commit() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    let before = site.all();
    site.ok(&["publish"]).says(&["prod is up to date", "qa is up to date"]);
    assert_eq!(site.all(), before);
    // A source commit that changes nothing is noted.
    site.write("README.md", "x\n");
    let commit = site.commit("docs");
    site.ok(&["publish"]).says(&["prod is up to date"]);
    assert_eq!(site.commits("main"), 1);
    let note = format!("{{\"paths\":{{\"prod\":\"{commit}\",\"qa\":\"{commit}\"}}}}\n");
    assert_eq!(site.note(site.tip("main")).unwrap(), note);
    let noted = site.all();
    site.ok(&["publish"]);
    assert_eq!(site.all(), noted);
}

#[test]
fn only_what_changed_is_in_the_commit() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    let before = site.files("main");
    site.set("qa", "2");
    site.ok(&["publish"]).says(&[
        "prod is up to date",
        "Published qa",
        "1 file; resources: 0 added, 1 changed, 0 removed",
    ]);
    assert!(site.message("main").contains("Changed in qa: web\n"));
    assert!(site.message("main").contains("Fab-Environments: qa\n"));
    let after = site.files("main");
    let changed: Vec<&String> = after.keys().filter(|path| after[*path] != before[*path]).collect();
    assert_eq!(changed, ["prod/hydrator.metadata", "qa/fab.owned", "qa/hydrator.metadata", "qa/web.yaml"]);
}

#[test]
fn what_others_have_there_stays() {
    let site = ManifestSite::new();
    site.others_commit("main", &[("README.md", "r"), ("old/x.yaml", "x: 1"), (".github/w.yml", "w")]);
    site.ok(&["publish"]);
    site.others_commit("main", &[("prod/notes/by-hand.yaml", "a: 1")]);
    site.set("prod", "2");
    site.ok(&["publish"]);
    let names = site.names("main");
    for name in ["README.md", "old/x.yaml", ".github/w.yml", "prod/notes/by-hand.yaml"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
}

#[test]
fn a_file_that_is_not_rendered_any_more_goes() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    site.write("component.yaml", "name: shop\nsubcomponents:\n- {name: base, type: static, path: ./base}\n");
    site.commit("without web");
    site.ok(&["publish"]).says(&["resources: 0 added, 0 changed, 1 removed"]);
    assert!(!site.names("main").contains(&"prod/web.yaml".to_owned()));
    assert!(!site.files("main")["prod/fab.owned"].contains("web.yaml"));
}

#[test]
fn a_file_that_somebody_changed_is_as_it_was() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    let want = site.files("main");
    site.others_commit("main", &[("prod/web.yaml", "a: 1\n")]);
    site.ok(&["publish"]).says(&["prod: `web.yaml` was changed by somebody else"]);
    assert_eq!(site.files("main"), want);
}

#[test]
fn a_folder_of_others_is_taken_over_if_asked() {
    let site = ManifestSite::new();
    site.others_commit(
        "main",
        &[("prod/old.yaml", "a: 1\n"), ("prod/web.yaml", "a: 1\n"), ("README.md", "r")],
    );
    site.fails(
        &["publish"],
        1,
        &["`prod` has files that fab did not write: `old.yaml`, `web.yaml`", "for prod", "--adopt"],
    );
    site.ok(&["publish", "--adopt"]).says(&["takes over `old.yaml`"]);
    let names = site.names("main");
    assert!(names.contains(&"README.md".to_owned()) && !names.contains(&"prod/old.yaml".to_owned()));
    // Later, only what is in the way is.
    site.others_commit("main", &[("prod/extra/x.yaml", "a: 1\n")]);
    site.write("extra/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    let component = site.site.read("component.yaml") + "- {name: extra, type: static, path: ./extra}\n";
    site.write("component.yaml", &component);
    site.commit("extra");
    site.ok(&["publish"]);
    assert!(site.names("main").contains(&"prod/extra/x.yaml".to_owned()));
    site.others_commit("main", &[("prod/late.yaml", "a: 1\n")]);
    let component = site.site.read("component.yaml") + "- {name: late, type: static, path: ./late}\n";
    site.write("late/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n");
    site.write("component.yaml", &component);
    site.commit("late");
    site.fails(&["publish"], 1, &["`prod` has files that fab did not write: `late.yaml`"]);
    site.ok(&["publish", "--adopt"]);
    assert!(site.names("main").contains(&"prod/extra/x.yaml".to_owned()));
}

#[test]
fn an_environment_that_is_none_any_more_goes_if_asked() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    std::fs::remove_file(site.path("config/qa.yaml")).unwrap();
    site.commit("without qa");
    site.ok(&["publish"])
        .says(&["`qa` is published and no environment any more; --prune-environments removes it"]);
    assert!(site.names("main").contains(&"qa/web.yaml".to_owned()));
    site.others_commit("main", &[("qa/by-hand.yaml", "a: 1\n")]);
    site.ok(&["publish", "--prune-environments"]).says(&["Removed `qa`"]);
    let names = site.names("main");
    assert_eq!(names.iter().filter(|name| name.starts_with("qa/")).collect::<Vec<_>>(), ["qa/by-hand.yaml"]);
}

#[test]
fn another_definition_in_the_repository_is_left_alone() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    let owned = site.files("main")["prod/fab.owned"].replace("remotes/hld", "remotes/other");
    site.others_commit("main", &[("other/fab.owned", &owned), ("other/web.yaml", "a: 1\n")]);
    site.ok(&["publish", "--prune-environments"]);
    assert!(site.names("main").contains(&"other/web.yaml".to_owned()));
    site.fails(&["publish", "--path", "other", "prod"], 1, &["`other` is published from ", "another folder"]);
}

#[test]
fn an_older_commit_is_superseded() {
    let site = ManifestSite::new();
    let first = site.set("prod", "2");
    let second = site.set("prod", "3");
    site.ok(&["publish"]);
    let before = site.all();
    site.check_out(&first);
    site.ok(&["publish"])
        .says(&[&format!("prod: superseded, as the newer commit {} is published", &second[..7])]);
    assert_eq!(site.all(), before);
    site.ok(&["publish", "--force-older"]).says(&["Published prod"]);
    assert!(site.files("main")["prod/web.yaml"].contains(r#"{\"tag\":\"2\"}"#));
}

#[test]
fn a_newer_commit_that_changed_nothing_counts() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    let one = site.set("prod", "2");
    site.set("prod", "1");
    // Built first, it changes nothing; then the one before it is late.
    site.ok(&["publish"]).says(&["prod is up to date"]);
    site.check_out(&one);
    site.ok(&["publish"]).says(&["prod: superseded"]);
    assert!(site.files("main")["prod/web.yaml"].contains(r#"{\"tag\":\"1\"}"#));
}

#[test]
fn err_a_history_that_was_rewritten() {
    let site = ManifestSite::new();
    let first = site.set("prod", "2");
    site.set("prod", "3");
    site.ok(&["publish"]);
    site.check_out(&first);
    site.write("config/prod.yaml", "subcomponents: {web: {config: {tag: '4'}}}\n");
    let hld = git2::Repository::open(site.path("")).unwrap();
    let mut index = hld.index().unwrap();
    index.add_path("config/prod.yaml".as_ref()).unwrap();
    index.write().unwrap();
    let tree = hld.find_tree(index.write_tree().unwrap()).unwrap();
    let head = hld.head().unwrap().peel_to_commit().unwrap();
    let who = git2::Signature::now("t", "t@t").unwrap();
    hld.commit(Some("HEAD"), &who, &who, "other", &tree, &[&head]).unwrap();
    site.fails(&["publish"], 1, &["does not build on it", "--force-older"]);
    site.ok(&["publish", "--force-older"]);
}

#[test]
fn err_guards_tell_all_that_they_find() {
    let site = ManifestSite::new();
    site.write("config/prod.yaml", "subcomponents: {web: {config: {tag: '9'}}}\n");
    site.fails(
        &["publish"],
        1,
        &["the definition is not as it was committed: `config/prod.yaml`", "--allow-dirty"],
    );
    site.write("base/new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n");
    site.fails(&["publish"], 1, &["`base/new.yaml`, `config/prod.yaml`"]);
    site.ok(&["publish", "--allow-dirty"]);
    site.commit("all");
    // What fab itself writes is no change.
    for path in ["generated/prod/x.yaml", "components/x/component.yaml", ".cache/x"] {
        site.write(path, "x: 1\n");
    }
    site.ok(&["publish"]);
}

#[test]
fn err_random_output_is_named() {
    let site = ManifestSite::new();
    site.write(
        "chart/templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  p: {{ randAlphaNum 8 }}\n",
    );
    site.commit("secret");
    site.fails(
        &["publish"],
        1,
        &[
            "`randAlphaNum` makes `prod/web.yaml` differ in every run",
            "chart/templates/secret.yaml:5",
            "in component `web`, for prod",
            "FAB_SEED",
            "--allow-random",
        ],
    );
    site.ok(&["publish", "--allow-random"]);
    let site = ManifestSite::new();
    site.write(
        "chart/templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  p: {{ randAlphaNum 8 }}\n",
    );
    site.commit("secret");
    site.site.fab_with(&["publish"], &[("FAB_SEED", "x")]).exited(0, &["publish"]);
}

#[test]
fn err_an_environment_would_be_empty() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    site.write("component.yaml", "name: shop\n");
    site.commit("nothing");
    site.fails(
        &["publish"],
        1,
        &["there is no resource in it, so everything in the cluster would be deleted", "for prod"],
    );
}

#[test]
fn err_too_much_would_be_deleted() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    site.write("base/a.yaml", "");
    site.commit("without base");
    site.fails(
        &["publish"],
        1,
        &[
            "2 of 3 resources would be deleted, more than 50 %: `ConfigMap one`, `ConfigMap two`",
            "--allow-deletions=67",
        ],
    );
    site.fails(&["publish", "--allow-deletions=66"], 1, &["more than 66 %"]);
    site.ok(&["publish", "--allow-deletions=67"]);
}

#[test]
fn err_the_lockfile_is_out_of_date() {
    let site = ManifestSite::new();
    site.site.repository("comp").commit(&[
        ("component.yaml", "name: comp\ntype: static\npath: m\n"),
        ("m/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
    ]);
    let component = site.site.read("component.yaml") + "- {name: comp, method: git, source: REMOTES/comp}\n";
    site.write("component.yaml", &component);
    site.write(".gitignore", "components/\n");
    site.ok(&["install"]);
    std::fs::remove_file(site.path("fab.lock")).unwrap();
    site.commit("comp without lock");
    site.fails(
        &["publish"],
        1,
        &["fab.lock is out of date: it has no entry for `git ", "run `fab install` and commit fab.lock"],
    );
    site.ok(&["install"]);
    site.commit("lock");
    site.ok(&["publish"]);
    assert!(site.message("main").contains("Fab-Lock-Digest: sha256:"));
}

#[test]
fn err_nothing_invalid_is_published() {
    let site = ManifestSite::new();
    site.write("base/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\nspec: {}\n");
    site.commit("invalid");
    let run = site.fab(&["publish"]).exited(1, &["publish"]);
    assert!(run.stdout.contains("unknown-field"), "{}", run.stdout);
    assert!(site.all().is_empty());
}

#[test]
fn err_nobody_says_where_to() {
    let site = ManifestSite::new();
    site.write("fab.yaml", "");
    site.commit("no target");
    site.fails(&["publish"], 2, &["there is no manifest repository", "--repository"]);
    site.fails(
        &["publish", "--repository", "/nowhere"],
        2,
        &["cannot use the manifest repository `/nowhere`"],
    );
    site.fails(
        &["publish", "--repository", &site.url(), "--path", "x"],
        2,
        &["`prod` and `qa` are both published to `x`"],
    );
    site.fails(&["publish", "--repository", &site.url(), "--branch", "a b"], 2, &["`a b` is no branch"]);
}

#[test]
fn a_branch_for_each_environment() {
    let site = ManifestSite::new();
    let yaml = site.site.read("fab.yaml") + "  branch: environment/{env}\n";
    site.write("fab.yaml", &yaml);
    let first = site.commit("branches");
    site.ok(&["publish"]);
    let rendered = site.rendered(&["prod"]);
    let rendered =
        rendered.into_iter().map(|(path, text)| (path["prod/".len()..].to_owned(), text)).collect();
    assert_eq!(without_books(site.files("environment/prod")), rendered);
    let note = |commit: &str| format!("{{\"drySha\":\"{commit}\"}}\n");
    assert_eq!(site.note(site.tip("environment/prod")).unwrap(), note(&first));
    let (prod, qa) = (site.tip("environment/prod"), site.tip("environment/qa"));
    let second = site.set("qa", "2");
    site.ok(&["publish"]);
    assert_eq!(site.tip("environment/prod"), prod);
    assert_eq!(site.note(prod).unwrap(), note(&second));
    assert_ne!(site.tip("environment/qa"), qa);
    assert_eq!(site.note(site.tip("environment/qa")).unwrap(), note(&second));
}

#[test]
fn proposals_are_on_a_branch_beside_it() {
    let site = ManifestSite::new();
    let first = site.set("prod", "2");
    site.ok(&["publish", "--branch", "environment/{env}", "--propose", "prod"]);
    assert_eq!(site.names("environment/prod"), [] as [&str; 0]);
    assert_eq!(site.commits("environment/prod-next"), 2);
    assert_eq!(site.names("environment/prod-next").len(), 5);
    let tip = site.tip("environment/prod-next");
    assert_eq!(site.note(tip).unwrap(), format!("{{\"drySha\":\"{first}\"}}\n"));
    // Several on one branch have a proposal each.
    site.ok(&["publish", "--branch", "main", "--propose"]);
    assert_eq!(site.names("main-next/prod").len(), 5);
    assert_eq!(site.names("main-next/qa").len(), 5);
}

#[test]
fn a_new_branch_begins_with_what_the_repository_has() {
    let site = ManifestSite::new();
    site.others_commit("main", &[("README.md", "r")]);
    site.ok(&["publish", "--branch", "dev"]);
    assert_eq!(site.names("dev").len(), 11);
    assert_eq!((site.names("main"), site.commits("dev")), (vec!["README.md".to_owned()], 2));
}

#[test]
fn manifests_that_were_generated_before() {
    let site = ManifestSite::new();
    site.ok(&["generate", "--each"]);
    let rendered = site.rendered(&[]);
    site.ok(&["publish", "--manifests", "generated"]);
    assert_eq!(without_books(site.files("main")), rendered);
    std::fs::remove_dir_all(site.path("generated/qa")).unwrap();
    site.fails(&["publish", "--manifests", "generated"], 2, &["there are no manifests in `generated/qa`"]);
}

#[test]
fn a_dry_run_pushes_nothing() {
    let site = ManifestSite::new();
    site.ok(&["publish", "--dry-run"]).says(&["Would publish prod to main, folder prod: 3 files"]);
    assert!(site.all().is_empty());
}
