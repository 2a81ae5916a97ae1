//! `fab install`, `fab update` and `fab cache` on git repositories.

use std::fs;

use crate::site::Site;

const COMPONENT: [(&str, &str); 2] =
    [("component.yaml", "name: comp\ntype: static\npath: m\n"), ("m/a.yaml", "a: 1\n")];

const ROOT: (&str, &str) =
    ("component.yaml", "name: root\nsubcomponents:\n- {name: c, method: git, source: REMOTES/comp}\n");

/// A definition with one component from git, and the hash of its commit.
fn one() -> (Site, String) {
    let site = Site::new(&[ROOT]);
    let commit = site.repository("comp").commit(&COMPONENT);
    (site, commit)
}

/// A definition with an entry for `comp`, which has several commits.
#[track_caller]
fn check_revision(fields: &str, want: &str) {
    let site = Site::new(&[]);
    let repository = site.repository("comp");
    let first = repository.commit(&[COMPONENT[0], ("m/a.yaml", "first")]);
    repository.tag("v1", &first);
    repository.commit(&[COMPONENT[0], ("m/a.yaml", "newest")]);
    repository.commit_on("dev", &[COMPONENT[0], ("m/a.yaml", "dev")]);
    let fields = fields.replace("FIRST", &first).replace("SHORT", &first[..8]);
    site.write(
        "component.yaml",
        &format!("name: root\nsubcomponents:\n- {{name: c, method: git, source: REMOTES/comp{fields}}}\n"),
    );
    site.ok(&["install"]);
    assert_eq!(site.read("components/c/m/a.yaml"), want, "{fields}");
}

#[test]
fn a_revision_is_what_git_takes_it_for() {
    check_revision("", "newest");
    check_revision(", branch: dev", "dev");
    check_revision(", branch: v1", "first");
    check_revision(", version: v1", "first");
    check_revision(", version: FIRST", "first");
    check_revision(", version: SHORT", "first");
    check_revision(", version: dev", "dev");
    check_revision(", branch: dev, version: v1", "first");
}

#[test]
fn an_installed_definition_generates_and_is_locked() {
    let (site, commit) = one();
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("Installed 1 component: 0 from cache, 1 fetched"), "{}", run.stderr);
    assert_eq!(site.installed(), ["components/c/component.yaml", "components/c/m/a.yaml"]);
    let lock = site.read("fab.lock");
    assert!(lock.contains(&format!("  commit: {commit}\n")), "{lock}");
    site.ok(&["generate"]);
    assert_eq!(site.read("generated/common/c/comp.yaml"), "---\na: 1\n\n");
}

#[test]
fn a_locked_source_stays_what_it_is() {
    let (site, commit) = one();
    site.ok(&["install"]);
    site.repository("comp").commit(&[COMPONENT[0], ("m/a.yaml", "a: 2\n")]);
    fs::remove_dir_all(site.path("components")).unwrap();
    site.remove_cache();
    site.ok(&["install", "--locked"]);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
    assert!(site.read("fab.lock").contains(&commit));
}

#[test]
fn what_is_in_the_cache_needs_no_network() {
    let (site, _) = one();
    site.ok(&["install"]);
    site.remove_remotes();
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("1 from cache, 0 fetched; all were in place"), "{}", run.stderr);
    fs::remove_dir_all(site.path("components")).unwrap();
    site.ok(&["install", "--offline", "--locked"]);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
}

#[test]
fn err_offline_without_a_cache() {
    let (site, _) = one();
    site.fails(&["install", "--offline"], 2, &["it is not in the cache", "in component `c`"]);
    assert!(!site.path("fab.lock").exists() && !site.path("components").exists());
}

#[test]
fn err_locked_without_an_entry_is_a_finding() {
    let (site, _) = one();
    site.fails(&["install", "--locked"], 1, &["fab.lock has no entry for it", "run `fab install`"]);
    site.ok(&["install"]);
    site.write("component.yaml", &ROOT.1.replace("comp}", "comp, branch: main}"));
    site.fails(&["install", "--locked"], 1, &["fab.lock has no entry for it"]);
}

#[test]
fn a_definition_without_remote_sources_needs_no_lock() {
    let site = Site::new(&[("component.yaml", "name: root\nsubcomponents:\n- {name: a, source: ./a}\n")]);
    site.write("a/component.yaml", "name: a\ntype: static\npath: m\n");
    let run = site.ok(&["install", "--locked"]);
    assert!(run.stderr.contains("Nothing to install"), "{}", run.stderr);
    assert!(!site.path("fab.lock").exists());
}

#[test]
fn an_edited_place_is_made_anew_and_others_stay() {
    let (site, _) = one();
    site.ok(&["install"]);
    site.write("components/c/mine.txt", "mine");
    site.write("components/other/x.yaml", "x: 1");
    fs::remove_file(site.path("components/c/m/a.yaml")).unwrap();
    site.write("components/c/m/a.yaml", "edited");
    site.ok(&["install"]);
    let want = ["components/c/component.yaml", "components/c/m/a.yaml", "components/other/x.yaml"];
    assert_eq!(site.installed(), want);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
}

#[test]
fn components_and_charts_of_a_clone_are_installed_in_it() {
    let site = Site::new(&[(
        "component.yaml",
        "name: root\nsubcomponents:\n- {name: n, method: git, source: REMOTES/nest}\n",
    )]);
    site.repository("comp").commit(&COMPONENT);
    site.repository("charts").commit(&[("stable/web/Chart.yaml", "name: web\nversion: 0.1.0\n")]);
    let nest = "name: nest\nsubcomponents:\n\
                - {name: comp, method: git, source: REMOTES/comp}\n\
                - {name: app, type: helm, method: git, source: REMOTES/charts, path: stable/web}\n\
                - {name: st, type: static, method: git, source: REMOTES/comp, path: m}\n";
    let remotes = site.all().join("remotes");
    let nest = nest.replace("REMOTES", remotes.to_str().unwrap());
    site.repository("nest").commit(&[("component.yaml", &nest)]);
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("Installed 4 components: 0 from cache, 3 fetched"), "{}", run.stderr);
    let want = [
        "components/n/component.yaml",
        "components/n/components/comp/component.yaml",
        "components/n/components/comp/m/a.yaml",
        "components/n/components/st/component.yaml",
        "components/n/components/st/m/a.yaml",
        "components/n/helm_repos/app/stable/web/Chart.yaml",
    ];
    assert_eq!(site.installed(), want);
    site.ok(&["generate"]);
}

#[test]
fn a_root_from_git_is_the_component_of_its_path() {
    let site = Site::new(&[("component.yaml", "name: wrap\nmethod: git\nsource: REMOTES/comp\npath: sub\n")]);
    site.repository("comp")
        .commit(&[COMPONENT[1], ("sub/component.yaml", "name: subc\ntype: static\npath: ../m\n")]);
    site.ok(&["install"]);
    site.ok(&["generate"]);
    assert_eq!(site.read("generated/common/subc.yaml"), "---\na: 1\n\n");
}

#[test]
fn a_dry_run_tells_and_does_nothing() {
    let (site, commit) = one();
    let remotes = site.all().join("remotes").display().to_string();
    let plan = |state: &str| format!("c: git {remotes}/comp => components/c ({state})\n");
    let run = site.ok(&["install", "--dry-run"]);
    assert_eq!(run.stdout, plan("not locked") + "c: known after install\n");
    assert!(!site.path("components").exists() && !site.path("fab.lock").exists());
    site.ok(&["install"]);
    assert_eq!(site.ok(&["install", "--dry-run"]).stdout, plan(&format!("{commit}, cached")));
    site.remove_cache();
    assert_eq!(site.ok(&["install", "--dry-run"]).stdout, plan(&commit));
}

#[test]
fn update_shows_what_has_changed() {
    let (site, first) = one();
    site.ok(&["install"]);
    let second = site.repository("comp").commit(&[COMPONENT[0], ("m/a.yaml", "a: 2\n")]);
    let remotes = site.all().join("remotes").display().to_string();
    let want = format!("git {remotes}/comp: {first} -> {second}\n");
    assert_eq!(site.ok(&["update", "--dry-run"]).stdout, want);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
    site.fails(&["update", "cc"], 2, &["no component that is installed is called `cc`", "did you mean `c`?"]);
    assert_eq!(site.ok(&["update", "c"]).stdout, want);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 2\n");
    assert!(site.read("fab.lock").contains(&second));
    assert_eq!(site.ok(&["update"]).stdout, "");
}

#[test]
fn err_all_failures_are_reported_and_nothing_changes() {
    let (site, _) = one();
    site.ok(&["install"]);
    let lock = site.read("fab.lock");
    site.write(
        "component.yaml",
        "name: root\nsubcomponents:\n\
         - {name: c, method: git, source: REMOTES/comp, branch: mian}\n\
         - {name: d, method: git, source: REMOTES/nosuch}\n\
         - {name: e, method: git, source: REMOTES/comp, branch: main}\n",
    );
    site.fails(
        &["install"],
        2,
        &[
            "there is no branch `mian`",
            "there is `main`",
            "in component `c`",
            "there is no repository",
            "in component `d`",
        ],
    );
    assert_eq!(site.read("fab.lock"), lock);
    assert_eq!(site.installed(), ["components/c/component.yaml", "components/c/m/a.yaml"]);
}

#[test]
fn err_a_clone_without_a_component_is_told_of_once_it_is_there() {
    let site = Site::new(&[ROOT]);
    site.repository("comp").commit(&[("README.md", "")]);
    site.fails(&["install"], 2, &["there is no component.yaml or component.json in `components/c`"]);
}

#[test]
fn err_a_name_is_a_folder_that_is_replaced() {
    for name in ["..", ".", "../x", "''"] {
        let site = Site::new(&[("keep.txt", "keep")]);
        site.repository("comp").commit(&COMPONENT);
        let helm = format!("{{name: {name}, type: helm, method: git, source: REMOTES/comp}}");
        site.write("component.yaml", &format!("name: root\nsubcomponents:\n- {helm}\n"));
        site.fails(&["install"], 2, &[]);
        assert_eq!(site.read("keep.txt"), "keep");
        assert_eq!(site.installed(), [] as [&str; 0], "{name}");
    }
}

#[test]
fn what_no_environment_needs_is_not_installed() {
    let (site, _) = one();
    site.write("config/common.yaml", "subcomponents: {c: {disabled: true}}\n");
    site.write("config/staging.yaml", "subcomponents: {c: {config: {a: 1}}}\n");
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("Nothing to install"), "{}", run.stderr);
    site.write("config/prod.yaml", "subcomponents: {c: {disabled: false}}\n");
    site.ok(&["install"]);
    assert_eq!(site.installed(), ["components/c/component.yaml", "components/c/m/a.yaml"]);
}

#[test]
fn hooks_run_around_what_they_are_for() {
    let (site, _) = one();
    site.write(
        "component.yaml",
        "name: root\nhooks:\n  before-install: ['test ! -e components/c && echo before >> log']\n  \
         after-install: ['test -e components/c && echo after >> log && echo x >> components/c/m/a.yaml']\nsubcomponents:\n\
         - {name: c, method: git, source: REMOTES/comp, hooks: {before-install: [echo entry >> log]}}\n\
         - {name: made, source: ./made, hooks: {}}\n\
         - {name: st, type: static, path: m, hooks: {after-install: [echo child >> log]}}\n",
    );
    site.fails(&["install"], 2, &["there is no component.yaml or component.json in `made`"]);
    fs::remove_dir_all(site.path("components")).unwrap();
    fs::remove_file(site.path("log")).unwrap();
    let made = "mkdir -p made && echo 'name: made' > made/component.yaml";
    let text = site.read("component.yaml").replace("'test !", &format!("\"{made}\", 'test !"));
    site.write("component.yaml", &text);
    site.ok(&["install"]);
    assert_eq!(site.read("log"), "before\nafter\nchild\n");
    // What a hook writes into a place is not written into the cache.
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\nx\n");
    fs::remove_dir_all(site.path("components")).unwrap();
    site.remove_remotes();
    site.ok(&["install"]);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\nx\n");
}

#[test]
fn err_hooks_of_a_clone_have_to_be_allowed() {
    let site = Site::new(&[ROOT]);
    let hooked = ("component.yaml", "name: comp\nhooks: {after-install: [echo x > ran]}\n");
    site.repository("comp").commit(&[hooked]);
    let source = site.all().join("remotes/comp").display().to_string();
    let hint = format!("--allow-hooks {source}");
    site.fails(&["install"], 2, &["after-install", "is not allowed to run", &hint]);
    assert!(!site.path("components").exists());
    site.ok(&["install", "--allow-hooks", &source]);
    assert_eq!(site.read("components/c/ran"), "x\n");
    fs::remove_file(site.path("components/c/ran")).unwrap();
    site.write("fab.yaml", &format!("hooks: {{allow: [\"{source}\"]}}\n"));
    site.ok(&["install"]);
    assert_eq!(site.read("components/c/ran"), "x\n");
}

#[test]
fn links_out_of_a_clone_and_submodules_are_left_out() {
    let (site, commit) = one();
    let submodule = format!("=> {commit}");
    let files = [
        COMPONENT[0],
        ("m/a.yaml", "-> ../b.yaml"),
        ("m/up.yaml", "-> ../../../component.yaml"),
        ("m/etc.yaml", "-> /etc/passwd"),
        ("b.yaml", "b: 1\n"),
        ("sub", &submodule),
    ];
    site.repository("comp").commit(&files);
    site.ok(&["install"]);
    let want = ["components/c/b.yaml", "components/c/component.yaml", "components/c/m/a.yaml"];
    assert_eq!(site.installed(), want);
    assert_eq!(site.read("components/c/m/a.yaml"), "b: 1\n");
    assert!(site.path("components/c/sub").is_dir());
}

#[test]
fn a_cache_that_was_written_to_is_not_trusted() {
    let (site, _) = one();
    site.ok(&["install"]);
    let file = site.path("components/c/m/a.yaml");
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "this is what must not have an effect")]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).unwrap();
    fs::write(&file, "a: 2\n").unwrap();
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("1 fetched"), "{}", run.stderr);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
}

#[test]
fn a_component_that_contains_itself_ends() {
    let site = Site::new(&[ROOT]);
    let remotes = site.all().join("remotes").display().to_string();
    let text = format!("name: comp\nsubcomponents:\n- {{name: c, method: git, source: {remotes}/comp}}\n");
    site.repository("comp").commit(&[("component.yaml", &text)]);
    site.fails(&["install"], 2, &["a component contains itself"]);
    assert!(!site.path("components").exists());
}

#[test]
fn the_cache_can_be_found_and_emptied() {
    let (site, _) = one();
    site.ok(&["install"]);
    let folder = site.ok(&["cache", "dir"]).stdout;
    assert_eq!(folder.trim_end(), site.all().join("cache/v1").to_str().unwrap());
    let run = site.ok(&["cache", "prune"]);
    assert!(run.stderr.contains("Removed 0 items"), "{}", run.stderr);
    let run = site.ok(&["cache", "clean"]);
    assert!(run.stderr.contains("Removed 1 items (1 kB)"), "{}", run.stderr);
    // What is installed is not touched.
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
}

#[test]
fn err_secrets_in_an_address_are_shown_nowhere() {
    let source = "https://me:s3cr3t@127.0.0.1:1/x";
    let site = Site::new(&[]);
    site.write(
        "component.yaml",
        &format!("name: root\nsubcomponents:\n- {{name: c, method: git, source: \"{source}\"}}\n"),
    );
    for args in [&["-v", "install"][..], &["install", "--dry-run"], &["install", "--locked"]] {
        let run = site.fab(args);
        assert!(!run.stderr.contains("s3cr3t"), "{}", run.stderr);
        assert!(!run.stdout.contains("s3cr3t"), "{}", run.stdout);
    }
    assert!(!site.path("fab.lock").exists());
}

#[test]
fn err_a_protocol_without_protection_and_programs_are_no_sources() {
    for source in ["git://h.example/x", "ext::sh -c true", "--upload-pack=x"] {
        let site = Site::new(&[]);
        site.write(
            "component.yaml",
            &format!("name: root\nsubcomponents:\n- {{name: c, method: git, source: '{source}'}}\n"),
        );
        site.fails(&["install"], 2, &[&format!("cannot install `{source}` by git"), "in component `c`"]);
        assert!(!site.path("fab.lock").exists());
    }
}

#[test]
fn err_a_lockfile_that_is_none_is_not_overwritten() {
    let (site, _) = one();
    site.write("fab.lock", "version: 1\nsources:\n<<<<<<< HEAD\n");
    site.fails(&["install"], 2, &["fab.lock:"]);
    assert!(site.read("fab.lock").contains("<<<<<<< HEAD"));
}

#[test]
fn many_installs_at_once_share_a_cache() {
    let (site, _) = one();
    let definitions: Vec<_> = (0..8).map(|number| site.all().join(format!("hld-{number}"))).collect();
    for definition in &definitions {
        crate::copy(&site.path(""), definition);
    }
    let run = |definition| site.command(&["-q", "install"]).current_dir(definition).spawn().unwrap();
    let running: Vec<_> = definitions.iter().map(run).collect();
    for mut process in running {
        assert!(process.wait().unwrap().success());
    }
    for definition in &definitions {
        assert_eq!(fs::read_to_string(definition.join("components/c/m/a.yaml")).unwrap(), "a: 1\n");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the moments are spread over a whole run")]
fn after_a_run_that_was_killed_the_next_one_is_right() {
    let site = Site::new(&[]);
    let repository = site.repository("comp");
    let commits = ["1", "2"].map(|version| {
        let files: Vec<(String, String)> =
            (0..30).map(|at| (format!("m/{at}.yaml"), format!("a: {version}\n"))).collect();
        let mut files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
        files.push(COMPONENT[0]);
        repository.commit(&files)
    });
    let entry = |name: &str, commit: &str| {
        format!("- {{name: {name}, method: git, source: REMOTES/comp, version: {commit}}}\n")
    };
    let write = |commit: &str| {
        let entries: String = ["a", "b", "c"].map(|name| entry(name, commit)).concat();
        site.write("component.yaml", &format!("name: root\nsubcomponents:\n{entries}"));
    };
    write(&commits[0]);
    let start = std::time::Instant::now();
    site.ok(&["install"]);
    let whole = start.elapsed();
    for moment in 0..KILLS {
        let version = 1 - moment as usize % 2;
        write(&commits[version]);
        if moment % 3 == 0 {
            site.remove_cache();
        }
        let mut process = site.command(&["-q", "install"]).spawn().unwrap();
        std::thread::sleep(whole * moment / KILLS);
        process.kill().unwrap();
        process.wait().unwrap();
        site.ok(&["install"]);
        let files = site.installed();
        assert_eq!(files.len(), 3 * 31, "{files:?}");
        for file in files.iter().filter(|file| file.contains("/m/")) {
            assert_eq!(site.read(file), format!("a: {}\n", version + 1), "{file}");
        }
    }
}

/// How many moments of an installation a run is killed at.
const KILLS: u32 = 40;
