//! Charts that are not on this machine: `fab template` on repositories, registries and URLs.

use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest as _, Sha256};

use crate::server::{Reply, Server};

/// Packs a chart with one template that prints its name and version.
pub(crate) fn chart(name: &str, version: &str) -> Vec<u8> {
    let mut builder =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let template = "name: {{ .Chart.Name }}-{{ .Chart.Version }}\n";
    for (path, text) in [("Chart.yaml", metadata.as_str()), ("templates/a.yaml", template)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{name}/{path}"), text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// Returns the digest of a content in hex.
pub(crate) fn sha256(data: &[u8]) -> String {
    Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect()
}

const VERSIONS: [&str; 3] = ["1.2.0", "1.10.0", "2.0.0-rc.1"];

/// A repository with one chart, `web`.
pub(crate) fn repository() -> Server {
    Server::start(|request, _| {
        let plain = request.path.split('?').next().unwrap();
        if plain == "/charts/index.yaml" {
            let entry = |version| {
                let digest = sha256(&chart("web", version));
                format!(
                    "  - {{name: web, version: {version}, apiVersion: v2, digest: {digest}, urls: [web-{version}.tgz]}}\n"
                )
            };
            let entries: String = VERSIONS.map(entry).concat();
            return Reply::ok(format!("apiVersion: v1\nentries:\n  web:\n{entries}"));
        }
        let version = plain.strip_prefix("/charts/web-").and_then(|rest| rest.strip_suffix(".tgz"));
        version.map_or(Reply::status(404), |version| Reply::ok(chart("web", version)))
    })
}

struct Fab {
    home: tempfile::TempDir,
}

impl Fab {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// Runs `fab template` as a user with an empty home.
    #[expect(clippy::disallowed_methods, reason = "programs are found as they are outside")]
    fn template(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fab"));
        command.arg("template").args(args).env_clear().env("HOME", self.home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(env.iter().copied()).output().unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[track_caller]
fn check(output: &Output, want: Result<&str, &str>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    match want {
        Ok(name) => {
            let want = format!("---\n# Source: web/templates/a.yaml\nname: {name}\n");
            assert_eq!((stdout, stderr.as_str()), (want, ""));
        }
        Err(error) => {
            assert_eq!((output.status.code(), stdout.as_str(), stderr.as_str()), (Some(1), "", error));
        }
    }
}

#[test]
fn a_chart_of_a_repository_is_rendered() {
    let server = repository();
    let url = server.url("/charts");
    let fab = Fab::new();
    check(&fab.template(&["--repo", &url, "web"], &[]), Ok("web-1.10.0"));
    check(&fab.template(&["x", "web", "--repo", &url, "--version", "~1.2"], &[]), Ok("web-1.2.0"));
    check(&fab.template(&["--repo", &url, "web", "--devel"], &[]), Ok("web-2.0.0-rc.1"));
    assert_eq!(server.paths()[..2], ["/charts/index.yaml", "/charts/web-1.10.0.tgz"]);
}

#[test]
fn a_chart_is_rendered_by_its_url() {
    let server = repository();
    check(&Fab::new().template(&[&server.url("/charts/web-1.2.0.tgz")], &[]), Ok("web-1.2.0"));
}

#[test]
fn repositories_that_helm_knows_have_names() {
    let server = repository();
    let fab = Fab::new();
    fab.write(
        ".config/helm/repositories.yaml",
        &format!(
            "repositories:\n- name: mine\n  url: {}\n  username: me\n  password: s3cret\n",
            server.url("/charts/")
        ),
    );
    check(&fab.template(&["mine/web"], &[]), Ok("web-1.10.0"));
    let sent =
        server.requests().iter().all(|request| request.header("authorization") == Some("Basic bWU6czNjcmV0"));
    assert!(sent);
    check(
        &fab.template(&["mina/web"], &[]),
        Err("Error: there is no repository `mina` in helm's repositories.yaml\n\nhelp: there is `mine`\n"),
    );
}

#[test]
fn the_files_of_helm_can_be_named() {
    let server = repository();
    let fab = Fab::new();
    let at = |path: &str| fab.home.path().join(path).display().to_string();
    let (config, cache) = (at("r.yaml"), at("indexes"));
    fab.write("r.yaml", &format!("repositories:\n- {{name: mine, url: {}}}\n", server.url("/charts")));
    let args = ["mine/web", "--repository-config", &config, "--repository-cache", &cache];
    check(&fab.template(&args, &[("HELM_REPOSITORY_CONFIG", "/nowhere")]), Ok("web-1.10.0"));
    // The index that helm has is looked at first, as helm does; what is in the cache is not fetched.
    let digest = sha256(&chart("web", "1.2.0"));
    fab.write(
        "indexes/mine-index.yaml",
        &format!(
            "apiVersion: v1\nentries:\n  web:\n  - {{name: web, version: 1.2.0, digest: {digest}, urls: [web-1.2.0.tgz]}}\n"
        ),
    );
    check(&fab.template(&args, &[]), Ok("web-1.2.0"));
    assert_eq!(server.paths(), ["/charts/index.yaml", "/charts/web-1.10.0.tgz", "/charts/web-1.2.0.tgz"]);
    let asked = server.paths().len();
    check(&fab.template(&args, &[("https_proxy", "http://127.0.0.1:1")]), Ok("web-1.2.0"));
    check(&fab.template(&args, &[]), Ok("web-1.2.0"));
    assert_eq!(server.paths().len(), asked);
    // What it does not have, the repository may.
    let newer = [&args[..], &["--version", "1.10.0"]].concat();
    check(&fab.template(&newer, &[]), Ok("web-1.10.0"));
    assert_eq!(server.paths()[asked..], ["/charts/index.yaml"]);
}

#[test]
fn a_chart_by_its_digest_is_fetched_once() {
    let server = registry();
    let fab = Fab::new();
    let reference = format!("oci://{}/team/web", server.address());
    let pinned = format!("{reference}@sha256:{}", sha256(manifest().as_bytes()));
    check(&fab.template(&[&pinned], &[]), Ok("web-1.10.0+b1"));
    let asked = server.paths().len();
    check(&fab.template(&[&pinned], &[]), Ok("web-1.10.0+b1"));
    assert_eq!(server.paths().len(), asked);
    // Where nothing can be kept it is fetched again.
    check(&fab.template(&[&pinned], &[("FAB_CACHE_DIR", "/dev/null")]), Ok("web-1.10.0+b1"));
    assert!(server.paths().len() > asked);
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let server = repository();
    let url = server.url("/charts");
    let fab = Fab::new();
    check(
        &fab.template(&["--repo", &url, "wep"], &[]),
        Err("Error: there is no chart `wep`\n\nhelp: there is `web`\n"),
    );
    check(
        &fab.template(&["--repo", &url, "web", "--version", "9"], &[]),
        Err(
            "Error: there is no version `9` of chart `web`\n\nhelp: there is `2.0.0-rc.1`, `1.10.0`, `1.2.0`\n",
        ),
    );
    let nothing = server.url("/none");
    let want = format!("Error: there is no index.yaml at {nothing}, so it is no repository of charts\n");
    check(&fab.template(&["--repo", &nothing, "web"], &[]), Err(&want));
}

#[test]
fn an_archive_that_is_not_what_the_index_says_is_refused() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/index.yaml" => Reply::ok(format!(
            "apiVersion: v1\nentries:\n  web:\n  - {{name: web, version: 1.0.0, digest: '{}', urls: [web.tgz]}}\n",
            "0".repeat(64)
        )),
        _ => Reply::ok(chart("web", "1.0.0")),
    });
    let output = Fab::new().template(&["--repo", &server.url(""), "web"], &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    let (wanted, found) = ("0".repeat(64), sha256(&chart("web", "1.0.0")));
    let want = format!(
        "Error: the content is sha256:{found}, and the server states sha256:{wanted}\n\nhelp: somebody on the way has changed it, or the server is wrong: tell who runs it\n"
    );
    assert!(error.starts_with(&want), "{error}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_digest_that_is_none_is_not_passed_over() {
    let server = Server::start(|_, _| {
        Reply::ok(
            "apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, digest: abc, urls: [web.tgz]}\n",
        )
    });
    let url = server.url("/x");
    let want = format!(
        "Error: the digest of chart `web` in the index of {url} cannot be read: `abc` is no SHA-256\n"
    );
    check(&Fab::new().template(&["--repo", &url, "web"], &[]), Err(&want));
}

#[test]
fn credentials_come_from_the_environment_and_netrc_and_go_nowhere_else() {
    let archives = Server::start(|_, _| Reply::ok(chart("web", "1.0.0")));
    let archive = archives.url("/web.tgz");
    let server = Server::start(move |request, _| match request.header("authorization") {
        None => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        Some(_) => Reply::ok(format!(
            "apiVersion: v1\nentries:\n  web:\n  - {{name: web, version: 1.0.0, urls: ['{archive}']}}\n"
        )),
    });
    let url = server.url("");
    let fab = Fab::new();
    let output = fab.template(&["--repo", &url, "web"], &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with(&format!(
            "Error: {url}/index.yaml: credentials are needed (401)\n\nhelp: name a token"
        )),
        "{error}"
    );

    // The port is another one, so it is another origin.
    check(&fab.template(&["--repo", &url, "web"], &[("FAB_TOKEN_127_0_0_1", "me:s3cret")]), Ok("web-1.0.0"));
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    let variable = format!("FAB_TOKEN_127_0_0_1_{port}");
    check(&fab.template(&["--repo", &url, "web"], &[(&variable, "me:s3cret")]), Ok("web-1.0.0"));
    assert_eq!(archives.requests().last().unwrap().header("authorization"), None);

    fab.write(".netrc", "machine 127.0.0.1 login me password s3cret\n");
    check(&fab.template(&["--repo", &url, "web"], &[]), Ok("web-1.0.0"));
    assert_eq!(server.requests().last().unwrap().header("authorization"), Some("Basic bWU6czNjcmV0"));
}

/// The manifest of the chart in a registry.
fn manifest() -> String {
    let archive = chart("web", "1.10.0+b1");
    format!(
        r#"{{"schemaVersion": 2, "config": {{"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:{0}", "size": 2}}, "layers": [{{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "sha256:{1}", "size": {2}}}]}}"#,
        "0".repeat(64),
        sha256(&archive),
        archive.len()
    )
}

/// A registry with one chart, `team/web`, that wants a token.
pub(crate) fn registry() -> Server {
    let (archive, manifest) = (chart("web", "1.10.0+b1"), manifest());
    let digest = format!("sha256:{}", sha256(&archive));
    let blob = format!("/v2/team/web/blobs/{digest}");
    let by_digest = format!("/v2/team/web/manifests/sha256:{}", sha256(manifest.as_bytes()));
    Server::start(move |request, _| {
        let host = request.header("host").unwrap();
        if let Some(query) = request.path.strip_prefix("/token?") {
            assert_eq!(query, "service=r&scope=repository%3Ateam%2Fweb%3Apull");
            return Reply::ok(r#"{"token": "t0p"}"#);
        }
        if request.header("authorization") != Some("Bearer t0p") {
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"r\"");
            return Reply::status(401).header("WWW-Authenticate", &challenge);
        }
        match request.path.as_str() {
            "/v2/team/web/tags/list" => Reply::ok(r#"{"tags": ["1.2.0", "latest", "v1.3.0"]}"#)
                .header("Link", "</v2/team/web/tags/list?last=a>; rel=\"next\""),
            "/v2/team/web/tags/list?last=a" => Reply::ok(r#"{"tags": ["1.10.0_b1", "2.0.0-rc.1"]}"#),
            "/v2/team/web/manifests/1.10.0_b1" => Reply::ok(manifest.clone()),
            path if path == by_digest => Reply::ok(manifest.clone()),
            path if path == blob => Reply::ok(archive.clone()),
            _ => Reply::status(404),
        }
    })
}

#[test]
fn a_chart_of_a_registry_is_rendered() {
    let server = registry();
    let chart = format!("oci://{}/team/web", server.address());
    let fab = Fab::new();
    check(&fab.template(&[&chart], &[]), Ok("web-1.10.0+b1"));
    check(&fab.template(&[&chart, "--version", "1.10.0+b1"], &[]), Ok("web-1.10.0+b1"));
    check(&fab.template(&[&format!("{chart}:1.10.0+b1")], &[]), Ok("web-1.10.0+b1"));
    check(
        &fab.template(&[&chart, "--version", "1.2.1"], &[]),
        Err(
            "Error: there is no version `1.2.1` of chart `web`\n\nhelp: there is `1.2.0`, `2.0.0-rc.1`, `1.10.0+b1`\n",
        ),
    );
}

#[test]
fn a_password_does_not_belong_on_the_command_line() {
    let output = Fab::new().template(&["oci://r/web", "--username", "me", "--password", "s3cret"], &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("Error: --username and --password are not supported"), "{error}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn missing_dependencies_are_fetched_and_locked_as_helm_does() {
    let server = repository();
    let url = server.url("/charts");
    let fab = Fab::new();
    fab.write("loc/Chart.yaml", "apiVersion: v2\nname: loc\nversion: 0.3.0\n");
    fab.write("loc/templates/a.yaml", "name: loc\n");
    std::fs::create_dir_all(fab.home.path().join("parent/charts")).unwrap();
    std::fs::write(fab.home.path().join("parent/charts/web-0.1.0.tgz"), chart("web", "0.1.0")).unwrap();
    fab.write("parent/Chart.yaml", &format!("apiVersion: v2\nname: parent\nversion: 0.1.0\ndependencies:\n- {{name: web, version: ^1.0, repository: '{url}', alias: front}}\n- {{name: loc, version: '>=0.1', repository: 'file://../loc'}}\n"));
    let parent = fab.home.path().join("parent");
    let output = fab.template(&[parent.to_str().unwrap(), "--dependency-update"], &[]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("name: front-1.10.0"), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("name: loc"), "{stdout}");
    assert_eq!(names(&parent.join("charts")), ["loc-0.3.0.tgz", "web-1.10.0.tgz"]);
    let lock = std::fs::read_to_string(parent.join("Chart.lock")).unwrap();
    let want = format!(
        "dependencies:\n- name: web\n  repository: {url}\n  version: 1.10.0\n- name: loc\n  repository: file://../loc\n  version: 0.3.0\ndigest: sha256:"
    );
    assert!(lock.starts_with(&want), "{lock}");
    assert_eq!(names(&parent), ["Chart.lock", "Chart.yaml", "charts"]);
}
