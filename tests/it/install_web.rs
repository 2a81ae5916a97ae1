//! `fab install` and `fab update` on chart repositories, registries and files by HTTP.

use std::fs;

use crate::remote_charts::{chart, registry, repository, sha256};
use crate::server::{Reply, Server};
use crate::site::Site;

const MANIFEST: &str = "kind: A\n";

/// Packs files as they come from a forge, in a folder of their own.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// Serves a manifest and an archive of some.
fn files() -> Server {
    Server::start(|request, _| match request.path.as_str() {
        "/a.yaml" => Reply::ok(MANIFEST),
        "/b.tgz" => Reply::ok(archive(&[("b-1/m/b.yaml", "kind: B\n"), ("b-1/README.md", "no manifest")])),
        _ => Reply::status(404),
    })
}

/// Writes a root component with these entries.
fn write_entries(site: &Site, entries: &[String]) {
    let entries: String = entries.iter().map(|entry| format!("- {{{entry}}}\n")).collect();
    site.write("component.yaml", &format!("name: root\nsubcomponents:\n{entries}"));
}

#[test]
fn charts_and_files_are_installed_locked_and_found() {
    let (charts, registry, files) = (repository(), registry(), files());
    let site = Site::new(&[]);
    let (url, host) = (charts.url("/charts"), registry.address());
    let (a, b) = (files.url("/a.yaml"), files.url("/b.tgz"));
    write_entries(
        &site,
        &[
            format!("name: web, type: helm, method: helm, source: '{url}', path: web, version: ^1"),
            format!("name: again, type: helm, method: helm, source: '{url}', path: web, version: ^1"),
            format!("name: reg, type: helm, method: helm, source: 'oci://{host}/team', path: web"),
            format!("name: end, type: helm, method: helm, source: 'oci://{host}/team/web'"),
            format!(
                "name: a, type: static, method: http, source: '{a}', sha256: {}",
                sha256(MANIFEST.as_bytes())
            ),
            format!("name: b, type: static, method: http, source: '{b}', path: b-1/m"),
        ],
    );
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("Installed 6 components: 0 from cache, 4 fetched ("), "{}", run.stderr);
    let chart_files =
        |name: &str| ["Chart.yaml", "templates/a.yaml"].map(|file| format!("helm_repos/{name}/{file}"));
    let mut want = vec![
        "components/a/a.yaml".to_owned(),
        "components/b/b-1/README.md".to_owned(),
        "components/b/b-1/m/b.yaml".to_owned(),
    ];
    want.extend(["again", "end", "reg", "web"].into_iter().flat_map(chart_files));
    assert_eq!(site.installed(), want);
    let lock = site.read("fab.lock");
    let of_web = format!(
        "- method: helm\n  source: {url}\n  path: web\n  version: ^1\n  resolved: 1.10.0\n  digest: sha256:{}\n",
        sha256(&chart("web", "1.10.0"))
    );
    assert!(lock.contains(&of_web), "{lock}");
    let of_a = format!("  sha256: {0}\n  digest: sha256:{0}\n", sha256(MANIFEST.as_bytes()));
    assert!(lock.contains(&of_a), "{lock}");
    assert_eq!(charts.paths(), ["/charts/index.yaml", "/charts/web-1.10.0.tgz"]);

    let generate = || {
        site.ok(&["generate"]);
        ["web", "reg", "end", "a", "b"].map(|name| site.read(&format!("generated/common/{name}.yaml")))
    };
    let first = generate();
    assert!(
        first[0].contains("name: web-1.10.0\n") && first[1].contains("name: web-1.10.0+b1\n"),
        "{first:?}"
    );
    assert_eq!(&first[3..], ["---\nkind: A\n\n", "---\nkind: B\n\n"]);

    // Another machine: from the servers what is locked, then from the cache without them.
    let again = |args: &[&str]| {
        for folder in ["components", "helm_repos", "generated"] {
            fs::remove_dir_all(site.path(folder)).unwrap();
        }
        site.ok(args);
        assert_eq!(
            (site.installed(), site.read("fab.lock"), generate()),
            (want.clone(), lock.clone(), first.clone())
        );
    };
    site.remove_cache();
    again(&["install", "--locked"]);
    let asked = || charts.paths().len() + registry.paths().len() + files.paths().len();
    let before = asked();
    again(&["install", "--locked", "--offline"]);
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("4 from cache, 0 fetched; all were in place"), "{}", run.stderr);
    assert_eq!(asked(), before);
}

#[test]
fn charts_and_components_come_as_archives() {
    let component = "name: comp\nhooks: {after-generate: [pwd > where]}\nsubcomponents:\n\
                     - {name: st, type: static, path: m}\n";
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/web-1.2.0.tgz" => Reply::ok(chart("web", "1.2.0")),
        "/comp.tar.gz" => Reply::ok(archive(&[
            ("comp-1/sub/component.yaml", component),
            ("comp-1/sub/config/common.yaml", "subcomponents: {}\n"),
            ("comp-1/sub/m/a.yaml", MANIFEST),
        ])),
        _ => Reply::status(404),
    });
    let site = Site::new(&[]);
    let (web, comp) = (server.url("/web-1.2.0.tgz"), server.url("/comp.tar.gz"));
    let digest = sha256(&chart("web", "1.2.0"));
    let entries = [
        format!("name: web, type: helm, method: http, source: '{web}', sha256: {digest}, path: web"),
        format!("name: c, method: http, source: '{comp}', path: comp-1/sub"),
    ];
    write_entries(&site, &entries);
    site.fails(&["generate"], 2, &["`c` is not installed", "run `fab install`"]);
    let planned = site.ok(&["install", "--dry-run"]).stdout;
    let want = format!("web: http {web} sha256 {digest} path web => helm_repos/web (not locked)\n");
    assert!(planned.contains(&want), "{planned}");
    site.ok(&["install"]);
    let want = [
        "components/c/comp-1/sub/component.yaml",
        "components/c/comp-1/sub/config/common.yaml",
        "components/c/comp-1/sub/m/a.yaml",
        "helm_repos/web/web/Chart.yaml",
        "helm_repos/web/web/templates/a.yaml",
    ];
    assert_eq!(site.installed(), want);
    // What an archive brings is as little trusted as what a clone brings.
    site.fails(&["generate"], 2, &["after-generate", "is not allowed to run", &comp]);
    site.write("fab.yaml", &format!("hooks: {{allow: ['{comp}']}}\n"));
    site.ok(&["generate"]);
    assert!(site.read("generated/common/web.yaml").contains("name: web-1.2.0\n"));
    assert_eq!(site.read("generated/common/c/st.yaml"), "---\nkind: A\n\n");
    write_entries(&site, &[entries[0].replace(", path: web", "")]);
    site.ok(&["install"]);
    site.fails(&["generate"], 2, &["there is a chart in its folder `web`: add that to `path`"]);
}

#[test]
fn update_takes_the_newest_version_that_is_asked_for() {
    let server = Server::start(|request, before| {
        let versions: &[&str] = if before == 0 { &["1.0.0"] } else { &["1.0.0", "1.1.0", "2.0.0"] };
        let entry =
            |version: &&str| format!("  - {{name: web, version: {version}, urls: [web-{version}.tgz]}}\n");
        match request.path.strip_prefix("/web-").and_then(|rest| rest.strip_suffix(".tgz")) {
            Some(version) => Reply::ok(chart("web", version)),
            None => {
                let entries: String = versions.iter().map(entry).collect();
                Reply::ok(format!("apiVersion: v1\nentries:\n  web:\n{entries}"))
            }
        }
    });
    let site = Site::new(&[]);
    let url = server.url("");
    write_entries(
        &site,
        &[format!("name: web, type: helm, method: helm, source: '{url}', path: web, version: '>=1 <2'")],
    );
    site.ok(&["install"]);
    let digest = |version| format!("{version} sha256:{}", sha256(&chart("web", version)));
    let want = format!("helm {url} path web version >=1 <2: {} -> {}\n", digest("1.0.0"), digest("1.1.0"));
    assert_eq!(site.ok(&["update", "--dry-run"]).stdout, want);
    assert!(site.read("helm_repos/web/Chart.yaml").contains("version: 1.0.0"));
    assert_eq!(site.ok(&["update", "web"]).stdout, want);
    assert!(site.read("helm_repos/web/Chart.yaml").contains("version: 1.1.0"));
    assert_eq!(site.ok(&["update"]).stdout, "");
}

#[test]
fn err_content_that_has_changed_names_both_digests() {
    let server = Server::start(|request, before| match request.path.as_str() {
        "/index.yaml" => {
            Reply::ok("apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, urls: [web.tgz]}\n")
        }
        "/web.tgz" => Reply::ok(chart("web", if before == 0 { "1.0.0" } else { "1.0.1" })),
        _ => Reply::ok(format!("kind: A{before}\n")),
    });
    let site = Site::new(&[]);
    let (url, file) = (server.url(""), server.url("/a.yaml"));
    write_entries(
        &site,
        &[
            format!("name: web, type: helm, method: helm, source: '{url}', path: web, version: 1.0.0"),
            format!("name: a, type: static, method: http, source: '{file}'"),
        ],
    );
    site.ok(&["install"]);
    let installed = site.installed();
    site.remove_cache();
    let of = |content: &[u8]| format!("sha256:{}", sha256(content));
    let changed =
        |from: &[u8], to: &[u8]| format!("the content has changed: {} instead of {}", of(to), of(from));
    let of_chart = changed(&chart("web", "1.0.0"), &chart("web", "1.0.1"));
    let of_file = changed(b"kind: A0\n", b"kind: A1\n");
    site.fails(&["install"], 2, &[&of_chart, "in component `web`", &of_file, "in component `a`"]);
    assert_eq!(site.installed(), installed);
    site.ok(&["update"]);
    assert!(site.read("helm_repos/web/Chart.yaml").contains("version: 1.0.1"));
}

#[track_caller]
fn check_file(reply: fn(usize) -> Reply, sha256: &str, want: &[&str]) {
    let server = Server::start(move |_, before| reply(before));
    let site = Site::new(&[]);
    let source = server.url("/a.yaml");
    write_entries(&site, &[format!("name: a, type: static, method: http, source: '{source}'{sha256}")]);
    site.fails(&["install"], 2, want);
    assert!(!site.path("components").exists() && !site.path("fab.lock").exists());
}

#[test]
fn err_a_file_that_is_no_manifest_is_not_installed() {
    check_file(|_| Reply::status(404), "", &["/a.yaml: not found (404)", "in component `a`"]);
    check_file(|_| Reply::ok("<html>log in</html>"), "", &["it is a page and no manifest"]);
    let wanted = "0".repeat(64);
    let found = format!(
        "the content is sha256:{}, and `sha256` asks for sha256:{wanted}",
        sha256(MANIFEST.as_bytes())
    );
    check_file(|_| Reply::ok(MANIFEST), &format!(", sha256: '{wanted}'"), &[&found]);
    check_file(|_| Reply::ok(MANIFEST), ", sha256: 12ab", &["`12ab` is not 64 hexadecimal digits"]);
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    let server = Server::start(|_, before| match before {
        0 => Reply::status(503),
        1 => Reply::ok(MANIFEST).cut(3),
        _ => Reply::ok(MANIFEST),
    });
    let site = Site::new(&[]);
    let source = server.url("/a.yaml");
    write_entries(&site, &[format!("name: a, type: static, method: http, source: '{source}'")]);
    site.ok(&["install"]);
    assert_eq!((site.read("components/a/a.yaml").as_str(), server.paths().len()), (MANIFEST, 3));
}

/// Every file below a folder whose name or content has the text, as are those that cannot be read.
pub(crate) fn files_with(folder: &std::path::Path, text: &str) -> Vec<String> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let has = |entry: &walkdir::DirEntry| {
        let in_name = entry.file_name().to_string_lossy().contains(text);
        let content = || fs::read(entry.path()).unwrap();
        in_name
            || entry.file_type().is_file()
                && content().windows(text.len()).any(|part| part == text.as_bytes())
    };
    entries.filter(has).map(|entry| entry.path().display().to_string()).collect()
}

#[test]
fn a_token_goes_to_its_source_and_nowhere_else() {
    let elsewhere = Server::start(|_, _| Reply::ok(MANIFEST));
    let target = elsewhere.url("/a.yaml");
    let server = Server::start(move |request, _| match request.header("authorization") {
        // "me:s3cr3t-t0ken"
        Some("Basic bWU6czNjcjN0LXQwa2Vu") => Reply::redirect(&target),
        _ => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
    });
    let site = Site::new(&[]);
    let source = server.url("/a.yaml");
    write_entries(&site, &[format!("name: a, type: static, method: http, source: '{source}'")]);
    site.write("access.yaml", &format!("'{source}': MY_TOKEN\n"));
    let denied =
        site.fails(&["install"], 2, &["credentials are needed (401)", "name a token in access.yaml"]);
    let refused =
        site.fab_with(&["-v", "install"], &[("MY_TOKEN", "me:s3cr3t-0ther")]).exited(2, &["install"]);
    let done = site.fab_with(&["-v", "install"], &[("MY_TOKEN", "me:s3cr3t-t0ken")]).exited(0, &["install"]);
    let planned = site.fab_with(&["install", "--dry-run"], &[("MY_TOKEN", "me:s3cr3t-t0ken")]);
    assert_eq!(
        elsewhere.requests().iter().map(|request| request.header("authorization")).collect::<Vec<_>>(),
        [None]
    );
    for run in [denied, refused, done, planned] {
        let printed = run.stdout + &run.stderr;
        assert!(!printed.contains("s3cr3t") && !printed.contains("bWU6"), "{printed}");
    }
    for secret in ["s3cr3t", "bWU6"] {
        assert_eq!(files_with(site.all(), secret), [] as [&str; 0]);
    }
}

#[test]
fn a_token_in_an_address_is_sent_and_not_stored() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/a.yaml?ref=v1&token=s3cr3t" => Reply::ok(MANIFEST),
        _ => Reply::status(404),
    });
    let site = Site::new(&[]);
    let entry = |token: &str| {
        let source = server.url(&format!("/a.yaml?ref=v1&token={token}"));
        [format!("name: a, type: static, method: http, source: '{source}'")]
    };
    write_entries(&site, &entry("s3cr3t"));
    let mut printed = String::new();
    for args in [&["install", "--dry-run"][..], &["-v", "install"], &["outdated"], &["list"]] {
        let run = site.ok(args);
        printed.push_str(&(run.stdout + &run.stderr));
    }
    assert!(site.read("fab.lock").contains("/a.yaml?ref=v1&token=***\n"), "{}", site.read("fab.lock"));
    site.remove_cache();
    write_entries(&site, &entry("s3cr3t-0ther"));
    printed.push_str(&site.fails(&["install"], 2, &["not found (404)"]).stderr);
    assert!(!printed.contains("s3cr3t"), "{printed}");
    fs::remove_file(site.path("component.yaml")).unwrap();
    assert_eq!(files_with(site.all(), "s3cr3t"), [] as [&str; 0]);
}

#[test]
fn access_yaml_counts_in_local_components_only() {
    let server = Server::start(|request, _| match request.header("authorization") {
        None => Reply::ok(MANIFEST),
        Some(_) => Reply::status(403),
    });
    let site = Site::new(&[]);
    let source = server.url("/a.yaml");
    site.repository("comp")
        .commit(&[("component.yaml", "name: comp\n"), ("access.yaml", &format!("'{source}': HOME\n"))]);
    let git = "name: c, method: git, source: REMOTES/comp".to_owned();
    write_entries(&site, &[git, format!("name: a, type: static, method: http, source: '{source}'")]);
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("access.yaml of a component from"), "{}", run.stderr);
    assert!(run.stderr.contains("is ignored: only local components may name tokens"), "{}", run.stderr);
    site.write("access.yaml", &format!("'{source}': GITHUB_TOKEN\n"));
    site.fails(&["install"], 2, &["access.yaml", "`GITHUB_TOKEN` cannot be given to the source"]);
}

#[test]
fn only_allowed_sources_are_asked() {
    let (files, other) = (files(), files());
    let site = Site::new(&[]);
    let (allowed, refused) = (files.url("/a.yaml"), other.url("/a.yaml"));
    site.write("fab.yaml", &format!("sources: {{allow: ['{}']}}\n", files.url("")));
    let entry =
        |name: &str, source: &str| format!("name: {name}, type: static, method: http, source: '{source}'");
    write_entries(&site, &[entry("a", &allowed)]);
    site.ok(&["install"]);
    write_entries(&site, &[entry("a", &allowed), entry("b", &refused)]);
    let message = format!("{refused} is none of the sources that fab.yaml allows");
    site.fails(&["install"], 2, &[&message, "in component `b`", "add it to `sources.allow`"]);
    assert_eq!(other.paths(), [] as [&str; 0]);
    site.write("fab.yaml", "sources: {allow: ['https://']}\n");
    site.fails(&["install"], 2, &["fab.yaml", "`https://` names no host"]);
}

#[test]
fn a_redirect_to_what_is_not_allowed_is_not_followed() {
    let other = files();
    let target = other.url("/a.yaml");
    let server = Server::start(move |_, _| Reply::redirect(&target));
    let site = Site::new(&[]);
    site.write("fab.yaml", &format!("sources: {{allow: ['{}']}}\n", server.url("")));
    let source = server.url("/a.yaml");
    write_entries(&site, &[format!("name: a, type: static, method: http, source: '{source}'")]);
    site.fails(&["install"], 2, &["this source is not allowed"]);
    assert_eq!(other.paths(), [] as [&str; 0]);
}

#[test]
fn outdated_lists_what_is_newer_and_changes_nothing() {
    let server = repository();
    let site = Site::new(&[]);
    let comp = site.repository("comp");
    let first = comp.commit(&[("component.yaml", "name: comp\n")]);
    comp.tag("v1.0.0", &first);
    let url = server.url("/charts");
    write_entries(
        &site,
        &[
            "name: tag, method: git, source: REMOTES/comp, version: v1.0.0".to_owned(),
            "name: branch, method: git, source: REMOTES/comp, branch: main".to_owned(),
            format!("name: commit, method: git, source: REMOTES/comp, version: {first}"),
            format!("name: web, type: helm, method: helm, source: '{url}', path: web, version: 1.2.0"),
            format!("name: rc, type: helm, method: helm, source: '{url}', path: web, version: 2.0.0-rc.1"),
        ],
    );
    site.ok(&["install"]);
    let run = site.ok(&["outdated"]);
    assert_eq!(run.stdout, format!("web: helm {url} path web version 1.2.0: 1.2.0 -> 1.10.0\n"));
    let second = comp.commit(&[("component.yaml", "name: comp\n"), ("x", "")]);
    comp.tag("v1.1.0", &second);
    let lock = site.read("fab.lock");
    let remotes = site.all().join("remotes").display().to_string();
    let want = format!(
        "branch: git {remotes}/comp branch main: {first} -> {second}\n\
         tag: git {remotes}/comp version v1.0.0: {first} -> v1.1.0\n\
         web: helm {url} path web version 1.2.0: 1.2.0 -> 1.10.0\n"
    );
    assert_eq!(site.ok(&["outdated"]).stdout, want);
    assert_eq!(site.read("fab.lock"), lock);
    assert!(!site.path("components/tag/x").exists());
}
