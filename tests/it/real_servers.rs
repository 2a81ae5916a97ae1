//! Charts from the servers that people have: nginx and Docker's registry.
//!
//! Where one of them is not installed its test says so and passes, unless
//! `FAB_TEST_REAL_SERVERS` is set, as it is in `.ci/run`.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::remote_charts::{chart, sha256};

/// A server that ends with the test, and the processes that it made.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn of(command: &mut Command) -> Self {
        Running(command.process_group(0).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // They may have ended by themselves.
        let kill = format!("kill -s KILL -- -{}", self.0.id());
        let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns where a program is; says that its test is skipped if it is nowhere.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "says what is not tested, and why")]
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin", "/usr/bin", "/usr/lib/git-core"].map(Into::into));
    let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("FAB_TEST_REAL_SERVERS").is_none(), "{program} is not installed");
        eprintln!("skipped: {program} is not installed");
    }
    found
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn start(program: &Path, args: &[&str], port: u16) -> Running {
    let mut command = Command::new(program);
    let running = Running::of(command.args(args).stdout(Stdio::null()).stderr(Stdio::null()));
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return running;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{} does not answer", program.display());
}

pub(crate) fn run(program: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Makes a certificate for `localhost` and its key, in files of a folder.
pub(crate) fn certificate(folder: &Path) -> (String, String) {
    let file = |name: &str| folder.join(name).display().to_string();
    let (certificate, key, request) = (file("cert.pem"), file("key.pem"), file("request"));
    let text = "[req]\ndistinguished_name = dn\nx509_extensions = v3\nprompt = no\n[dn]\nCN = localhost\n[v3]\nbasicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n";
    std::fs::write(&request, text).unwrap();
    let kind = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    run("openssl", &[&kind[..], &["-keyout", &key, "-out", &certificate, "-config", &request]].concat());
    (certificate, key)
}

fn template(home: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fab"));
    command
        .arg("template")
        .args(args)
        .env_clear()
        .env("HOME", home)
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

#[track_caller]
fn check(output: &Output, want: Result<&str, &str>) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match want {
        Ok(name) => assert!(stdout.contains(&format!("name: {name}\n")), "{stdout}{stderr}"),
        Err(error) => assert!(stderr.contains(error), "{stdout}{stderr}"),
    }
}

#[test]
fn nginx_serves_a_repository_with_a_password_and_a_certificate_of_its_own() {
    let (Some(nginx), Some(_), Some(_)) = (installed("nginx"), installed("openssl"), installed("htpasswd"))
    else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name).display().to_string();
    let (certificate, key) = certificate(home.path());
    std::fs::write(file("htpasswd"), run("htpasswd", &["-bn", "me", "s3cret"])).unwrap();
    let archive = chart("web", "1.0.0");
    let index = format!(
        "apiVersion: v1\nentries:\n  web:\n  - {{name: web, version: 1.0.0, digest: {}, urls: [web-1.0.0.tgz]}}\n",
        sha256(&archive)
    );
    std::fs::create_dir(file("www")).unwrap();
    std::fs::write(file("www/index.yaml"), index).unwrap();
    std::fs::write(file("www/web-1.0.0.tgz"), archive).unwrap();
    let port = free_port();
    let config = format!(
        "daemon off; pid {0}/pid; error_log {0}/error.log; user root;\nevents {{}}\nhttp {{ access_log off; client_body_temp_path {0}/t; proxy_temp_path {0}/t; fastcgi_temp_path {0}/t; uwsgi_temp_path {0}/t; scgi_temp_path {0}/t;\nserver {{ listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; root {0}/www; auth_basic x; auth_basic_user_file {0}/htpasswd; }} }}\n",
        home.path().display()
    );
    std::fs::write(file("nginx.conf"), config).unwrap();
    let _running = start(&nginx, &["-c", &file("nginx.conf"), "-p", &file("")], port);

    let url = format!("https://localhost:{port}");
    let args = ["--repo", &url, "web"];
    let token = ("FAB_TOKEN_LOCALHOST", "me:s3cret");
    let trust = ("SSL_CERT_FILE", certificate.as_str());
    check(&template(home.path(), &args, &[token, trust]), Ok("web-1.0.0"));
    let with_ca = ["--repo", &url, "web", "--ca-file", &certificate];
    check(&template(home.path(), &with_ca, &[token]), Ok("web-1.0.0"));
    check(&template(home.path(), &args, &[trust]), Err("credentials are needed (401)"));
    check(
        &template(home.path(), &args, &[trust, ("FAB_TOKEN_LOCALHOST", "me:x")]),
        Err("the credentials were refused (401)"),
    );
    check(&template(home.path(), &args, &[token]), Err("/index.yaml: TLS: "));
}

/// Stores something in a registry and returns its digest.
fn push(registry: &str, credential: &str, path: &str, media_type: &str, content: &[u8]) -> String {
    let digest = format!("sha256:{}", sha256(content));
    let put = |url: &str| {
        let request = ureq::put(url).header("Authorization", credential).header("Content-Type", media_type);
        assert_eq!(request.send(content).unwrap().status(), 201, "{url}");
    };
    if media_type.contains("manifest") {
        put(&format!("{registry}{path}"));
        return digest;
    }
    let upload =
        ureq::post(format!("{registry}{path}")).header("Authorization", credential).send_empty().unwrap();
    let location = upload.headers()["location"].to_str().unwrap().to_owned();
    let location = if location.starts_with('/') { format!("{registry}{location}") } else { location };
    let sign = if location.contains('?') { '&' } else { '?' };
    put(&format!("{location}{sign}digest={digest}"));
    digest
}

#[test]
fn dockers_registry_serves_a_chart_to_who_has_logged_in() {
    let (Some(registry), Some(_)) = (installed("docker-registry"), installed("htpasswd")) else { return };
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name).display().to_string();
    std::fs::write(file("htpasswd"), run("htpasswd", &["-Bbn", "me", "s3cret"])).unwrap();
    let port = free_port();
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {0}/data}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\nauth: {{htpasswd: {{realm: x, path: {0}/htpasswd}}}}\n",
        home.path().display()
    );
    std::fs::write(file("registry.yml"), config).unwrap();
    let _running = start(&registry, &["serve", &file("registry.yml")], port);

    let url = format!("http://127.0.0.1:{port}");
    let credential = "Basic bWU6czNjcmV0";
    let archive = chart("web", "1.10.0+b1");
    let uploads = "/v2/team/web/blobs/uploads/";
    let config = push(&url, credential, uploads, "application/octet-stream", b"{}");
    let layer = push(&url, credential, uploads, "application/octet-stream", &archive);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"{layer}","size":{}}}]}}"#,
        archive.len()
    );
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let path = "/v2/team/web/manifests/1.10.0_b1";
    let digest = push(&url, credential, path, media_type, manifest.as_bytes());

    let reference = format!("oci://127.0.0.1:{port}/team/web");
    check(&template(home.path(), &[&reference], &[]), Err("credentials are needed (401)"));
    std::fs::create_dir(file(".docker")).unwrap();
    let login = format!(r#"{{"auths": {{"127.0.0.1:{port}": {{"auth": "bWU6czNjcmV0"}}}}}}"#);
    std::fs::write(file(".docker/config.json"), login).unwrap();
    check(&template(home.path(), &[&reference], &[]), Ok("web-1.10.0+b1"));
    check(&template(home.path(), &[&reference, "--version", "^1"], &[]), Ok("web-1.10.0+b1"));
    check(&template(home.path(), &[&format!("{reference}@{digest}")], &[]), Ok("web-1.10.0+b1"));
    check(
        &template(home.path(), &[&reference, "--version", "2.0.0"], &[]),
        Err("there is no version `2.0.0` of chart `web`"),
    );
    check(&template(home.path(), &[&format!("{reference}x")], &[]), Err("there is no chart `team/webx`"));
}
