//! `fab publish` to manifest repositories that are not as one would expect.

use std::fs;
use std::path::Path;
use std::process::Command;

use git2::{FileMode, Signature};

use crate::manifest_site::ManifestSite;
use crate::real_servers::{installed, run};

/// Somebody puts something other than a text at a path of `main`.
fn others_put(site: &ManifestSite, path: &str, text: &str, mode: FileMode) {
    let manifests = site.manifests();
    let tip = manifests.find_commit(site.tip("main")).unwrap();
    let id = match mode {
        FileMode::Commit => tip.id(),
        _ => manifests.blob(text.as_bytes()).unwrap(),
    };
    let mut tree = tip.tree().unwrap();
    let mut updates = vec![git2::build::TreeUpdateBuilder::new()];
    if tree.get_path(Path::new(path)).is_ok() {
        updates[0].remove(path);
        updates.push(git2::build::TreeUpdateBuilder::new());
    }
    updates.last_mut().unwrap().upsert(path, id, mode);
    for mut update in updates {
        tree = manifests.find_tree(update.create_updated(&manifests, &tree).unwrap()).unwrap();
    }
    let bo = Signature::now("Bo", "bo@example.com").unwrap();
    manifests.commit(Some("refs/heads/main"), &bo, &bo, "odd", &tree, &[&tip]).unwrap();
}

/// What is at a path of `main`.
fn mode(site: &ManifestSite, path: &str) -> i32 {
    let tree = site.manifests().find_commit(site.tip("main")).unwrap().tree_id();
    let manifests = site.manifests();
    manifests.find_tree(tree).unwrap().get_path(Path::new(path)).unwrap().filemode()
}

#[test]
fn a_manifest_that_became_something_else_is_one_again() {
    for (text, odd) in
        [("web.yaml", FileMode::Link), ("", FileMode::Commit), ("a: 1\n", FileMode::BlobExecutable)]
    {
        let site = ManifestSite::new();
        site.ok(&["publish"]);
        let want = site.files("main");
        others_put(&site, "prod/web.yaml", text, odd);
        site.ok(&["publish"]).says(&["prod: `web.yaml` was changed by somebody else"]);
        assert_eq!(site.files("main"), want);
        assert_eq!(mode(&site, "prod/web.yaml"), 0o100_644);
        // Nobody minds one that is not fab's.
        others_put(&site, "prod/odd", text, odd);
        others_put(&site, "odd", text, odd);
        site.set("prod", "2");
        site.ok(&["publish"]).says(&["Published prod"]);
        assert_eq!((mode(&site, "prod/odd"), mode(&site, "odd")), (odd.into(), odd.into()));
        site.ok(&["history", "prod"]);
        site.ok(&["rollback", "prod"]);
        assert_eq!(mode(&site, "prod/odd"), i32::from(odd));
    }
}

#[test]
fn err_what_is_in_the_place_of_the_folder_is_not_replaced() {
    for (text, odd) in [("other", FileMode::Link), ("a: 1\n", FileMode::Blob), ("", FileMode::Commit)] {
        let site = ManifestSite::new();
        site.others_commit("main", &[("other/x.yaml", "a: 1\n")]);
        others_put(&site, "prod", text, odd);
        site.fails(
            &["publish"],
            1,
            &["`main` has files that fab did not write: `prod`", "for prod", "--adopt"],
        );
        site.fails(&["publish", "--path", "prod/x/{env}"], 1, &["files that fab did not write: `prod`"]);
        site.ok(&["publish", "--adopt"]);
        assert!(site.names("main").contains(&"prod/web.yaml".to_owned()));
    }
}

#[test]
fn err_a_branch_where_another_one_is_in_the_way() {
    let site = ManifestSite::new();
    site.others_commit("environment", &[("a", "a")]);
    site.fails(
        &["publish", "--branch", "environment/{env}"],
        2,
        &["`environment/prod` cannot be a branch where `environment` is one", "name another branch"],
    );
    site.ok(&["publish", "--branch", "x/{env}"]);
    site.fails(&["publish", "--branch", "x"], 2, &["`x` cannot be a branch where `x/prod` is one"]);
    // Proposals of folders, and one of the whole.
    site.ok(&["publish"]);
    site.set("prod", "2");
    site.ok(&["publish", "--propose", "prod"]);
    site.fails(
        &["publish", "--propose", "--path", ".", "prod"],
        2,
        &["`main-next` cannot be a branch where `main-next/prod` is one"],
    );
}

#[test]
fn a_repository_whose_head_leads_nowhere() {
    let site = ManifestSite::new();
    site.manifests().set_head("refs/heads/gone").unwrap();
    site.ok(&["publish"]);
    assert_eq!(site.names("main").len(), 10);
    // A new branch begins with nothing then.
    site.ok(&["publish", "--branch", "dev"]);
    assert_eq!(site.commits("dev"), 1);
}

#[test]
fn a_list_with_odd_lines_harms_nothing() {
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    let owned = site.files("main")["prod/fab.owned"].clone();
    let digest = "0".repeat(64);
    let odd = [
        "a//b",
        "/etc/x",
        "./web.yaml",
        "../qa/web.yaml",
        ".git/config",
        "x/",
        "fab.owned",
        "\u{e4} \u{1f600}",
    ];
    let odd: String = odd.iter().map(|path| format!("{digest}  {path}\r\n")).collect();
    site.others_commit(
        "main",
        &[("prod/fab.owned", &format!("{}{odd}\u{0}garbage\n", owned.replace('\n', "\r\n")))],
    );
    site.set("prod", "2");
    site.ok(&["publish"]).says(&["Published prod"]);
    site.set("prod", "3");
    site.ok(&["publish"]);
    site.ok(&["rollback", "prod", "--steps", "2"]);
    site.ok(&["resume", "prod"]);
    site.ok(&["publish"]).says(&["Published prod"]);
    let rendered = site.rendered(&[]);
    assert_eq!(crate::manifest_site::without_books(site.files("main")), rendered);
}

#[test]
fn notes_in_folders_are_read_and_written() {
    if installed("git").is_none() {
        return;
    }
    let site = ManifestSite::new();
    site.ok(&["publish"]);
    // So many that git sorts them into folders.
    let url = site.url();
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "safe.directory=*", "--git-dir", &url];
        String::from_utf8(run("git", &[&who, args].concat())).unwrap()
    };
    let list: String = (0..600).map(|at| format!("blob\nmark :{}\ndata 4\n{at:04}\n", at + 1)).collect();
    let notes: String = (0..600).map(|at| format!("N inline :{}\ndata 1\nx\n", at + 1000)).collect();
    let commits: String = (0..600)
        .map(|at| {
            format!("commit refs/heads/many\nmark :{}\ncommitter t <t@t> {at} +0000\ndata 1\nx\n", at + 1000)
        })
        .collect();
    let stream = format!(
        "{list}{commits}commit refs/notes/hydrator.metadata\ncommitter t <t@t> 0 +0000\ndata 1\nx\n{notes}"
    );
    fs::write(site.site.all().join("stream"), stream).unwrap();
    let mut import = Command::new("git");
    import.args(["--git-dir", &url, "fast-import", "--quiet"]);
    let input = fs::File::open(site.site.all().join("stream")).unwrap();
    assert!(import.stdin(input).status().unwrap().success());
    assert!(
        git(&["ls-tree", "--name-only", "refs/notes/hydrator.metadata"]).lines().any(|name| name.len() == 2)
    );
    site.write("README.md", "x\n");
    let commit = site.commit("docs");
    site.ok(&["publish"]).says(&["prod is up to date"]);
    assert!(git(&["notes", "--ref", "hydrator.metadata", "show", "main"]).contains(&commit));
    let count = |text: String| text.lines().count();
    assert_eq!(count(git(&["notes", "--ref", "hydrator.metadata", "list"])), 601);
    let noted = site.all();
    site.ok(&["publish"]);
    assert_eq!(site.all(), noted);
}

#[test]
fn err_a_repository_with_other_hashes() {
    if installed("git").is_none() {
        return;
    }
    let site = ManifestSite::new();
    let url = site.site.all().join("sha256").display().to_string();
    run("git", &["init", "-q", "--bare", "--object-format=sha256", "-b", "main", &url]);
    site.fails(&["publish", "--repository", &url], 2, &["cannot use the manifest repository", "sha256"]);
}
