//! `fab install` on charts that name dependencies and do not bring them along.

use std::fs;

use crate::remote_charts::{chart, registry, repository, sha256};
use crate::server::{Reply, Server};
use crate::site::Site;

const LOC: [(&str, &str); 2] = [
    ("loc/Chart.yaml", "apiVersion: v2\nname: loc\nversion: 0.3.0\n"),
    ("loc/templates/a.yaml", "name: {{ .Chart.Name }}\n"),
];

fn app(dependencies: &[String]) -> String {
    let dependencies: String = dependencies.iter().map(|entry| format!("- {{{entry}}}\n")).collect();
    format!("apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n{dependencies}")
}

fn root(entry: &str) -> String {
    format!("name: root\nsubcomponents:\n- {{name: app, type: helm, {entry}}}\n")
}

/// Lists the names in the `charts/` of a chart.
fn charts(site: &Site, chart: &str) -> Vec<String> {
    let entries = fs::read_dir(site.path(chart).join("charts")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_chart_from_git_gets_its_dependencies() {
    let (repository, registry) = (repository(), registry());
    let (url, host) = (repository.url("/charts"), registry.address());
    let text = app(&[
        format!("name: web, version: ~1.2, repository: '{url}', alias: front"),
        format!("name: web, version: 1.10.0+b1, repository: 'oci://{host}/team', alias: back"),
        "name: loc, version: '>=0.1', repository: 'file://../loc'".to_owned(),
    ]);
    let site = Site::new(&[("component.yaml", &root("method: git, source: REMOTES/charts, path: app"))]);
    site.repository("charts").commit(&[("app/Chart.yaml", &text), LOC[0], LOC[1]]);
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("Installed 1 component: 0 from cache, 3 fetched"), "{}", run.stderr);
    let want = ["loc-0.3.0.tgz", "web-1.10.0+b1.tgz", "web-1.2.0.tgz"];
    assert_eq!(charts(&site, "helm_repos/app/app"), want);
    let lock = site.read("fab.lock");
    let digest = sha256(&chart("web", "1.2.0"));
    let of_web = format!(
        "- method: helm\n  source: {url}\n  path: web\n  version: ~1.2\n  resolved: 1.2.0\n  digest: sha256:{digest}\n"
    );
    assert!(lock.contains(&of_web) && lock.contains(&format!("source: oci://{host}/team\n")), "{lock}");
    site.ok(&["generate"]);
    let generated = site.read("generated/common/app.yaml");
    for name in ["name: front-1.2.0\n", "name: back-1.10.0+b1\n", "name: loc\n"] {
        assert!(generated.contains(name), "{generated}");
    }

    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("3 from cache, 0 fetched; all were in place"), "{}", run.stderr);
    let asked = repository.paths().len() + registry.paths().len();
    let again = |args: &[&str]| {
        fs::remove_dir_all(site.path("helm_repos")).unwrap();
        site.ok(args);
        assert_eq!(
            (charts(&site, "helm_repos/app/app"), site.read("fab.lock")),
            (want.map(str::to_owned).to_vec(), lock.clone())
        );
        site.ok(&["generate"]);
        assert_eq!(site.read("generated/common/app.yaml"), generated);
    };
    again(&["install", "--offline"]);
    assert_eq!(repository.paths().len() + registry.paths().len(), asked);
    site.remove_cache();
    again(&["install", "--locked"]);
}

/// A repository that gets a new version after its index was read once.
fn growing() -> Server {
    Server::start(|request, before| {
        match request.path.strip_prefix("/web-").and_then(|rest| rest.strip_suffix(".tgz")) {
            Some(version) => Reply::ok(chart("web", version)),
            None => {
                let versions: &[&str] = if before == 0 { &["1.0.0"] } else { &["1.0.0", "1.1.0"] };
                let entries: String = versions
                    .iter()
                    .map(|version| {
                        format!("  - {{name: web, version: {version}, urls: [web-{version}.tgz]}}\n")
                    })
                    .collect();
                Reply::ok(format!("apiVersion: v1\nentries:\n  web:\n{entries}"))
            }
        }
    })
}

#[test]
fn a_local_chart_gets_its_dependencies_and_keeps_what_is_its_own() {
    let server = growing();
    let web = format!("name: web, version: ^1.0, repository: '{}'", server.url(""));
    let site = Site::new(&[
        ("component.yaml", &root("path: app")),
        ("app/Chart.yaml", &app(&[web, "name: loc, version: '*', repository: 'file://../loc'".to_owned()])),
        ("app/charts/.gitignore", "mine"),
        LOC[0],
        LOC[1],
    ]);
    site.ok(&["install"]);
    assert_eq!(charts(&site, "app"), [".gitignore", "loc-0.3.0.tgz", "web-1.0.0.tgz"]);
    site.ok(&["generate"]);
    assert!(site.read("generated/common/app.yaml").contains("name: web-1.0.0\n"));
    let lock = site.read("fab.lock");
    let run = site.ok(&["install", "--locked"]);
    assert!(run.stderr.contains("1 from cache, 0 fetched; all were in place"), "{}", run.stderr);
    assert_eq!(site.read("fab.lock"), lock);

    site.write("loc/templates/a.yaml", "name: edited\n");
    site.ok(&["update"]);
    assert_eq!(charts(&site, "app"), [".gitignore", "loc-0.3.0.tgz", "web-1.1.0.tgz"]);
    site.ok(&["generate"]);
    let generated = site.read("generated/common/app.yaml");
    assert!(generated.contains("name: web-1.1.0\n") && generated.contains("name: edited\n"), "{generated}");
}

#[test]
fn a_dry_run_lists_dependencies_as_far_as_they_are_known() {
    let server = repository();
    let url = server.url("/charts");
    let site = Site::new(&[("component.yaml", &root("method: git, source: REMOTES/charts, path: app"))]);
    site.write("local/Chart.yaml", &app(&[format!("name: web, version: ^1.2, repository: '{url}'")]));
    site.write(
        "component.yaml",
        &(site.read("component.yaml") + "- {name: local, type: helm, path: local}\n"),
    );
    let text = app(&[format!("name: web, version: ~1.2, repository: '{url}'")]);
    site.repository("charts").commit(&[("app/Chart.yaml", &text)]);
    let plan = || site.ok(&["install", "--dry-run"]).stdout;
    let of_local = format!("local: helm {url} path web version ^1.2 => local/charts (not locked)\n");
    let before = plan();
    assert!(
        before.ends_with(&(of_local + "app: dependencies of the chart are known after install\n")),
        "{before}"
    );
    assert_eq!(server.paths(), [] as [&str; 0]);
    site.ok(&["install"]);
    let line = |component: &str, range: &str, version: &str, place: &str| {
        let digest = sha256(&chart("web", version));
        format!(
            "{component}: helm {url} path web version {range} => {place} ({version} sha256:{digest}, cached)\n"
        )
    };
    let after = plan();
    for want in [
        line("app", "~1.2", "1.2.0", "helm_repos/app/app/charts"),
        line("local", "^1.2", "1.10.0", "local/charts"),
    ] {
        assert!(after.contains(&want), "{after}");
    }
}

#[test]
fn dependencies_that_are_there_are_left_alone() {
    let site = Site::new(&[
        ("component.yaml", &root("path: app")),
        ("app/Chart.yaml", &app(&["name: loc, version: '*', repository: 'http://127.0.0.1:1'".to_owned()])),
    ]);
    for (path, text) in LOC {
        site.write(&format!("app/charts/{path}"), text);
    }
    let check = || {
        let run = site.ok(&["install"]);
        assert!(run.stderr.contains("Nothing to install"), "{}", run.stderr);
        assert!(!site.path("fab.lock").exists());
    };
    check();
    // Neither a lock of other dependencies nor a folder that is not here matters then.
    site.write("app/Chart.lock", "dependencies: []\ndigest: sha256:0\n");
    check();
    site.write(
        "app/Chart.yaml",
        &app(&["name: loc, version: '*', repository: 'file://../nowhere'".to_owned()]),
    );
    check();
    fs::remove_file(site.path("app/Chart.lock")).unwrap();
    check();
}

#[test]
fn the_lock_of_a_chart_says_the_versions() {
    let server = growing();
    let site = Site::new(&[("component.yaml", &root("path: app"))]);
    let web = format!("name: web, version: ^1.0, repository: '{}'", server.url(""));
    site.write("app/Chart.yaml", &app(std::slice::from_ref(&web)));
    site.ok(&["template", "app", "--dependency-update"]);
    fs::remove_dir_all(site.path("app/charts")).unwrap();
    site.ok(&["install"]);
    assert_eq!(charts(&site, "app"), ["web-1.0.0.tgz"]);
    assert!(site.read("fab.lock").contains("  version: 1.0.0\n"));
    fs::remove_dir_all(site.path("app/charts")).unwrap();
    site.write("app/Chart.yaml", &app(&[web.replace("^1.0", "^1.1")]));
    site.fails(
        &["install"],
        2,
        &["Chart.lock does not belong to the dependencies of the chart", "in component `app`"],
    );
}

#[track_caller]
fn check_error(dependency: &str, want: &[&str]) {
    let site = Site::new(&[("component.yaml", &root("method: git, source: REMOTES/charts, path: app"))]);
    site.write("secret/Chart.yaml", "apiVersion: v2\nname: secret\nversion: 1.0.0\n");
    let secret = site.path("secret").display().to_string();
    let text = app(&[dependency.replace("SECRET", &secret)]);
    site.repository("charts").commit(&[("app/Chart.yaml", &text)]);
    site.fails(&["install"], 2, want);
    assert!(!site.path("helm_repos").exists() && !site.path("fab.lock").exists());
}

#[test]
fn err_a_dependency_that_cannot_be_had() {
    check_error(
        "name: web, version: 1.0.0, repository: 'http://127.0.0.1:1/x'",
        &["cannot install `http://127.0.0.1:1/x` by helm", "in component `app`"],
    );
    check_error("name: loc, version: 1.0.0, repository: 'file://../loc'", &["of dependency `loc`"]);
    let outside = "is a dependency outside of what the chart came with";
    check_error("name: secret, version: 1.0.0, repository: 'file://SECRET'", &[outside]);
    check_error("name: secret, version: 1.0.0, repository: 'file://../../../secret'", &[outside]);
    check_error("name: web, version: 1.0.0, repository: '@mine'", &["there is no repository `mine`"]);
}

#[test]
fn dependencies_have_to_be_allowed_too() {
    let server = growing();
    let site =
        Site::new(&[("component.yaml", &root("path: app")), ("fab.yaml", "sources: {allow: [h.example]}\n")]);
    let url = server.url("");
    site.write("app/Chart.yaml", &app(&[format!("name: web, version: ^1.0, repository: '{url}'")]));
    site.fails(&["install"], 2, &[&format!("{url} is none of the sources that fab.yaml allows")]);
    assert_eq!(server.paths(), [] as [&str; 0]);
}
