//! `fab install` from git servers as they are outside: smart HTTP behind nginx, and OpenSSH.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::hld::Run;
use crate::install_web::files_with;
use crate::real_servers::{Running, certificate, free_port, installed, run, start};
use crate::site::Site;

const FILES: [(&str, &str); 2] =
    [("component.yaml", "name: comp\ntype: static\npath: m\n"), ("m/a.yaml", "a: 1\n")];

/// What a site needs of a server, which ends with it.
pub(crate) struct Server {
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
    _running: Vec<Running>,
}

impl Server {
    /// The folder with what it needs.
    pub(crate) fn folder(&self) -> &Path {
        self._folder.path()
    }
}

/// Serves the repositories of a site at `/git/`, and faults beside that; none if a program is missing.
pub(crate) fn nginx(site: &Site) -> Option<Server> {
    let everywhere = Door { repository: "", logins: &[("me", "s3cr3t-t0ken")] };
    serve(&site.all().join("remotes"), &[everywhere], &[])
}

/// A repository, or all if its name is empty, and who may read and write it.
pub(crate) struct Door<'a> {
    pub(crate) repository: &'a str,
    pub(crate) logins: &'a [(&'a str, &'a str)],
}

/// Serves the repositories of a folder at `/git/`, and what is in `files` at `/files/`; none if a program is missing.
/// There is TLS, with the certificate `cert.pem` of the server's folder, if files are given.
pub(crate) fn serve(remotes: &Path, doors: &[Door<'_>], files: &[(&str, &[u8])]) -> Option<Server> {
    let (nginx, fcgiwrap) = (installed("nginx")?, installed("fcgiwrap")?);
    let backend = installed("git-http-backend")?.display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().display();
    let (port, remotes) = (free_port(), remotes.display());
    let mut locations = String::new();
    for (number, Door { repository, logins }) in doors.iter().enumerate() {
        let passwords: String =
            logins.iter().map(|(user, password)| format!("{user}:{{PLAIN}}{password}\n")).collect();
        fs::write(folder.path().join(format!("passwords{number}")), passwords).unwrap();
        locations.push_str(&format!(
            "location ~ ^/git(/{repository}.*)$ {{ auth_basic x; auth_basic_user_file {below}/passwords{number}; fastcgi_pass unix:{below}/socket;\n\
             fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param GIT_PROJECT_ROOT {remotes}; fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param PATH_INFO $1;\n\
             fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_USER $remote_user; }}\n"
        ));
    }
    fs::create_dir(folder.path().join("files")).unwrap();
    for (name, content) in files {
        fs::write(folder.path().join("files").join(name), content).unwrap();
    }
    let tls = if files.is_empty() {
        String::new()
    } else {
        installed("openssl")?;
        let (certificate, key) = certificate(folder.path());
        format!(" ssl; ssl_certificate {certificate}; ssl_certificate_key {key}")
    };
    let config = format!(
        "daemon off; pid {below}/pid; error_log {below}/error.log; user root;\nevents {{}}\nhttp {{ access_log off; client_body_temp_path {below}/t; proxy_temp_path {below}/t; fastcgi_temp_path {below}/t; uwsgi_temp_path {below}/t; scgi_temp_path {below}/t;\n\
         server {{ listen 127.0.0.1:{port}{tls};\n\
         {locations}\
         location /files/ {{ root {below}; }}\n\
         location /404/ {{ return 404; }} location /500/ {{ return 500; }} location /cut/ {{ return 444; }}\n\
         location /away/ {{ return 302 http://localhost:{port}/git$uri; }} }} }}\n"
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, config).unwrap();
    let socket = format!("unix:{below}/socket");
    let mut command = Command::new(fcgiwrap);
    command
        .args(["-c", "24", "-s", &socket])
        .env("HOME", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let wrapping = Running::of(&mut command);
    let serving =
        start(&nginx, &["-c", &file.display().to_string(), "-p", &folder.path().display().to_string()], port);
    Some(Server { port, _folder: folder, _running: vec![wrapping, serving] })
}

fn write_root(site: &Site, source: &str) {
    site.write(
        "component.yaml",
        &format!("name: root\nsubcomponents:\n- {{name: c, method: git, source: '{source}'}}\n"),
    );
}

#[track_caller]
fn check_refused(run: Run, texts: &[&str]) {
    run.exited(2, &["install"]).says(texts);
}

#[test]
fn a_repository_behind_a_password_is_installed_by_who_knows_it() {
    let site = Site::new(&[]);
    site.repository("comp").commit(&FILES);
    let Some(server) = nginx(&site) else { return };
    let host = format!("127.0.0.1:{}", server.port);
    let variable = format!("FAB_TOKEN_127_0_0_1_{}", server.port);
    let source = format!("http://{host}/git/comp");
    write_root(&site, &source);
    let refuses = format!("{host} refuses access");
    let mut runs = vec![site.fab(&["-v", "install"]).exited(2, &["install"]).says(&[
        &refuses,
        &format!("cannot install `{source}` by git"),
        "in component `c`",
        &format!("give a token for it in {variable}"),
    ])];
    let wrong = site.fab_with(&["-v", "install"], &[(&variable, "me:s3cr3t-0ther")]);
    runs.push(
        wrong.exited(2, &["install"]).says(&[&refuses, &format!("the credentials are from {variable}")]),
    );

    let again = |env: &[(&str, &str)]| {
        for folder in ["components", "fab.lock"].map(|name| site.path(name)) {
            // The first time there is none.
            let _ = if folder.is_dir() { fs::remove_dir_all(folder) } else { fs::remove_file(folder) };
        }
        if site.all().join("cache").exists() {
            site.remove_cache();
        }
        let run = site.fab_with(&["-v", "install"], env).exited(0, &["install"]);
        assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
        run
    };
    runs.push(again(&[(&variable, "me:s3cr3t-t0ken")]));
    site.write("access.yaml", &format!("{source}: MY_TOKEN\n"));
    runs.push(again(&[("MY_TOKEN", "me:s3cr3t-t0ken")]));
    fs::remove_file(site.path("access.yaml")).unwrap();
    for secret in ["s3cr3t", "bWU6"] {
        assert_eq!(files_with(site.all(), secret), [] as [&str; 0]);
        assert!(runs.iter().all(|run| !run.stdout.contains(secret) && !run.stderr.contains(secret)));
    }
    let home = site.all().join("home");
    let helper = "[credential]\n\thelper = \"!f() { test $1 = get && echo username=me && echo password=s3cr3t-t0ken; }; f\"\n";
    fs::write(home.join(".gitconfig"), helper).unwrap();
    again(&[]);
    fs::remove_file(home.join(".gitconfig")).unwrap();
    fs::write(home.join(".netrc"), "machine 127.0.0.1 login me password s3cr3t-t0ken\n").unwrap();
    again(&[]);
    // A redirect to another host gets no credentials, and is not followed.
    write_root(&site, &format!("http://{host}/away/comp"));
    site.fails(&["install"], 2, &["cannot install"]);
}

#[test]
fn two_machines_install_and_generate_the_same() {
    let site = Site::new(&[]);
    site.repository("comp").commit(&FILES);
    let Some(server) = nginx(&site) else { return };
    let variable = format!("FAB_TOKEN_127_0_0_1_{}", server.port);
    let token = [(variable.as_str(), "me:s3cr3t-t0ken")];
    write_root(&site, &format!("http://127.0.0.1:{}/git/comp", server.port));
    site.fab_with(&["install"], &token).exited(0, &["install"]);
    let fresh = |name: &str, cache: &str, args: &[&str]| {
        let folder = site.all().join(name);
        fs::create_dir(&folder).unwrap();
        for file in ["component.yaml", "fab.lock"] {
            fs::copy(site.path(file), folder.join(file)).unwrap();
        }
        for args in [args, &["generate"]] {
            let mut command = site.command(args);
            command.current_dir(&folder).env("FAB_CACHE_DIR", site.all().join(cache)).envs(token);
            assert!(command.status().unwrap().success(), "{name}");
        }
        let files = walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = files.filter(|entry| entry.file_type().is_file());
        let content = |entry: walkdir::DirEntry| {
            (entry.path().strip_prefix(&folder).unwrap().to_owned(), fs::read(entry.path()).unwrap())
        };
        files.map(content).collect::<Vec<_>>()
    };
    // One with the cache of the first run, one with none; then one without the network.
    let one = fresh("one", "cache", &["install", "--locked"]);
    let two = fresh("two", "empty", &["install", "--locked"]);
    assert_eq!(one, two);
    assert_eq!(one.len(), 6, "{one:?}");
    drop(server);
    assert_eq!(fresh("three", "empty", &["install", "--locked", "--offline"]), one);
}

#[test]
fn err_servers_that_fail_are_told_apart() {
    let site = Site::new(&[]);
    let commit = site.repository("comp").commit(&FILES);
    let Some(server) = nginx(&site) else { return };
    let host = format!("127.0.0.1:{}", server.port);
    let at = |path: &str| {
        write_root(&site, &format!("http://{host}/{path}/comp"));
        site.fab(&["install"])
    };
    check_refused(at("404"), &["there is no repository", "see whether its name is right"]);
    check_refused(at("500"), &[&format!("{host} answers with status 500")]);
    check_refused(at("cut"), &[&format!("{host} cannot be reached"), "try again"]);
    // What is locked is something else than what is there.
    let variable = format!("FAB_TOKEN_127_0_0_1_{}", server.port);
    let source = format!("http://{host}/git/comp");
    write_root(&site, &source);
    let tree = "0".repeat(40);
    site.write(
        "fab.lock",
        &format!(
            "version: 1\nsources:\n- {{method: git, source: '{source}', commit: {commit}, tree: '{tree}'}}\n"
        ),
    );
    let run = site.fab_with(&["install"], &[(&variable, "me:s3cr3t-t0ken")]);
    check_refused(run, &["the content has changed: tree ", &format!("instead of tree {tree}")]);
    assert!(!site.path("components").exists());
}

/// Runs an ssh server that lets in who has the key `id` of its folder.
pub(crate) fn sshd() -> Option<(Server, String)> {
    let sshd = installed("sshd")?;
    installed("ssh-keygen")?;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    for key in ["host", "id", "other"] {
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &file(key)]);
    }
    // It wants this folder and does not make it; where it cannot be made, it is there.
    let _ = fs::create_dir_all("/run/sshd");
    let port = free_port();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n",
        file("host"),
        file("id.pub")
    );
    fs::write(file("config"), config).unwrap();
    let running = start(&sshd, &["-D", "-f", &file("config")], port);
    let public = fs::read_to_string(file("host.pub")).unwrap();
    let known = format!("[127.0.0.1]:{port} {public}");
    Some((Server { port, _folder: folder, _running: vec![running] }, known))
}

#[test]
fn a_repository_by_ssh_is_installed_with_a_key_from_a_known_host() {
    let site = Site::new(&[]);
    site.repository("comp").commit(&FILES);
    let Some((server, known)) = sshd() else { return };
    let user = String::from_utf8(run("id", &["-un"])).unwrap();
    let path = site.all().join("remotes/comp").display().to_string();
    write_root(&site, &format!("ssh://{}@127.0.0.1:{}{path}", user.trim(), server.port));
    let ssh = site.all().join("home/.ssh");
    fs::create_dir(&ssh).unwrap();
    let key = |name: &str| {
        let from = server._folder.path().join(name);
        fs::copy(from, ssh.join("id_ed25519")).unwrap();
    };
    key("id");
    let host = format!("127.0.0.1:{}", server.port);
    site.fails(
        &["install"],
        2,
        &[&format!("{host} cannot be trusted"), "its host key to ~/.ssh/known_hosts"],
    );
    fs::write(ssh.join("known_hosts"), known).unwrap();
    key("other");
    site.fails(&["install"], 2, &[&format!("{host} refuses access")]);
    key("id");
    site.ok(&["install"]);
    assert_eq!(site.read("components/c/m/a.yaml"), "a: 1\n");
}
