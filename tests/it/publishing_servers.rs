//! `fab publish` to git servers as they are outside: many at once, killed, cut
//! off, and what is written down of credentials.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use git2::{Oid, Repository};

use crate::git_servers::{Server, nginx, sshd};
use crate::install_web::files_with;
use crate::manifest_site::{ManifestSite, without_books};
use crate::real_servers::run;

const TOKEN: &str = "me:s3cr3t-t0ken";

/// A site whose manifest repository is behind a server with a password.
struct Served {
    site: ManifestSite,
    server: Server,
}

impl Served {
    fn new() -> Option<Self> {
        let site = ManifestSite::new();
        let server = nginx(&site.site)?;
        let manifests = site.manifests();
        // Every move of a branch is written down.
        manifests.config().unwrap().set_bool("core.logAllRefUpdates", true).unwrap();
        Some(Served { site, server })
    }

    fn url(&self, port: u16) -> String {
        format!("http://127.0.0.1:{port}/git/manifests")
    }

    /// Returns `fab publish` in a clone of the definition, with a cache of its own.
    fn publish(&self, folder: &Path, port: u16, args: &[&str]) -> Command {
        let url = self.url(port);
        let name = folder.file_name().unwrap().to_str().unwrap();
        let cache = self.site.site.all().join(format!("cache-{name}"));
        let mut command = self.site.command(&[&["-v", "publish", "--repository", &url], args].concat());
        command
            .current_dir(folder)
            .env("FAB_CACHE_DIR", cache)
            .env("FAB_GIT_TOKEN", "s3cr3t-t0ken")
            .env("FAB_GIT_USERNAME", "me")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Clones the definition at a commit.
    fn clone(&self, name: &str, commit: &str) -> PathBuf {
        let folder = self.site.site.all().join(name);
        let remote = self.site.site.all().join("remotes/hld");
        let clone = match Repository::open(&folder) {
            Ok(clone) => clone,
            Err(_) => Repository::clone(remote.to_str().unwrap(), &folder).unwrap(),
        };
        clone.find_remote("origin").unwrap().fetch(&["main"], None, None).unwrap();
        let object = clone.find_object(Oid::from_str(commit).unwrap(), None).unwrap();
        clone.reset(&object, git2::ResetType::Hard, None).unwrap();
        folder
    }

    /// Makes the server take its time before it takes a push.
    fn slow_down(&self) {
        self.hook("pre-receive", "sleep 0.2");
    }

    /// Makes the server run a script of shell when somebody pushes; returns its file.
    fn hook(&self, name: &str, script: &str) -> PathBuf {
        let hook = Path::new(&self.site.url()).join("hooks").join(name);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        hook
    }

    /// Whether every move of the branch was forward.
    fn only_moved_forward(&self) -> bool {
        let manifests = self.site.manifests();
        let log = manifests.reflog("refs/heads/main").unwrap();
        log.iter().all(|entry| {
            let (old, new) = (entry.id_old(), entry.id_new());
            old.is_zero() || manifests.graph_descendant_of(new, old).unwrap()
        })
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_branch_that_the_server_refuses_keeps_no_other_from_its_commit() {
    let Some(served) = Served::new() else { return };
    let hook = served.hook("update", "case $1 in */dev) echo it is protected >&2; exit 1;; esac");
    let commit = served.site.set("dev", "1");
    let folder = served.clone("clone", &commit);
    let args = ["--branch", "environment/{env}"];
    let output = served.publish(&folder, served.server.port, &args).output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    // The first of three branches is refused.
    for words in [
        "the server refuses the commit on `environment/dev`: hook declined",
        "the branch is as it was",
        "Published prod to environment/prod",
        "Published qa to environment/qa",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("Published dev") && !said.contains("attempt 2"), "{said}");
    let branches = |site: &ManifestSite| -> Vec<String> {
        site.all().into_keys().filter_map(|name| Some(name.strip_prefix("refs/heads/")?.to_owned())).collect()
    };
    assert_eq!(branches(&served.site), ["environment/prod", "environment/qa"]);
    // Once it may, the next run does what is left.
    fs::remove_file(hook).unwrap();
    let output = served.publish(&folder, served.server.port, &args).output().unwrap();
    let said = text(&output);
    assert!(output.status.success() && said.contains("Published dev"), "{said}");
    assert!(said.contains("prod is up to date") && said.contains("qa is up to date"), "{said}");
}

#[test]
fn err_a_server_that_takes_no_notes() {
    let Some(served) = Served::new() else { return };
    served.hook("update", "case $1 in refs/notes/*) exit 1;; esac");
    let commit = served.site.set("prod", "2");
    let folder = served.clone("clone", &commit);
    let args = ["--branch", "environment/{env}"];
    let said = text(&served.publish(&folder, served.server.port, &args).output().unwrap());
    for words in [
        "Published prod to environment/prod",
        "Published qa to environment/qa",
        "the server refuses the note on the commit of `environment/prod`: hook declined",
        "the manifests are there; let the publisher write `refs/notes/hydrator.metadata`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(served.site.names("environment/prod").len(), 5);
}

/// Lets publishers loose on one branch, round after round; returns how often one had to try again.
fn race(publishers: usize, rounds: usize) -> usize {
    let Some(served) = Served::new() else { return 0 };
    served.slow_down();
    let names: Vec<String> = (0..publishers).map(|at| format!("e{at}")).collect();
    let tag = |round: usize, at: usize| format!("r{round}-{at}");
    let mut retries = 0;
    for round in 0..rounds {
        let commits: Vec<String> =
            names.iter().enumerate().map(|(at, name)| served.site.set(name, &tag(round, at))).collect();
        let folders: Vec<PathBuf> = commits
            .iter()
            .enumerate()
            .map(|(at, commit)| served.clone(&format!("clone{at}"), commit))
            .collect();
        // Each an environment of its own, or all of them all.
        let one_each = round % 2 == 0;
        let running: Vec<_> = folders
            .iter()
            .zip(&names)
            .map(|(folder, name)| {
                let args: Vec<&str> = if one_each { vec![name] } else { Vec::new() };
                served.publish(folder, served.server.port, &args).spawn().unwrap()
            })
            .collect();
        for child in running {
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", text(&output));
            retries += text(&output).matches("; attempt ").count();
        }
        let files = served.site.files("main");
        for (at, name) in names.iter().enumerate() {
            let manifest = &files[&format!("{name}/web.yaml")];
            assert!(
                manifest.contains(&format!(r#"\"{}\""#, tag(round, at))),
                "round {round}: {name} is lost: {manifest}"
            );
        }
        assert!(served.only_moved_forward());
    }
    retries
}

#[test]
fn publishers_at_once_lose_nothing() {
    race(4, 2);
}

/// `cargo test -p fabrikate --test it -- --ignored --nocapture twenty_publishers`
#[test]
#[ignore = "takes minutes"]
#[expect(clippy::disallowed_methods, reason = "it tells how long it took")]
fn twenty_publishers_ten_rounds_lose_nothing() {
    let start = Instant::now();
    println!("{} retries in {:?}", race(20, 10), start.elapsed());
}

/// Kills publishing at random moments: the branch is at the old commit or the new one, and the next run completes.
/// Returns how often it was which.
#[expect(clippy::disallowed_methods, reason = "the moments are spread over as long as a run takes")]
fn kill(times: usize) -> (usize, usize) {
    let Some(served) = Served::new() else { return (0, 0) };
    let folder = served.site.path("");
    let port = served.server.port;
    let whole = Instant::now();
    assert!(served.publish(&folder, port, &[]).output().unwrap().status.success());
    let whole = whole.elapsed();
    let (mut before, mut after) = (0, 0);
    for round in 0..times {
        let old = served.site.tip("main");
        served.site.set("prod", &format!("k{round}"));
        let mut child = served.publish(&folder, port, &[]).spawn().unwrap();
        // No randomness is needed for moments that are all over the run.
        thread::sleep(whole.mul_f64((round as f64 * 0.618).fract()));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = served.site.tip("main");
        if now == old {
            before += 1;
        } else {
            after += 1;
            assert_eq!(served.site.manifests().find_commit(now).unwrap().parent_id(0).unwrap(), old);
        }
        let output = served.publish(&folder, port, &[]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert_eq!(without_books(served.site.files("main")), served.site.rendered(&[]));
    }
    assert!(served.only_moved_forward());
    (before, after)
}

#[test]
fn a_killed_run_leaves_the_old_commit_or_the_new_one() {
    kill(10);
}

/// `cargo test -p fabrikate --test it -- --ignored --nocapture two_hundred_kills`
#[test]
#[ignore = "takes minutes"]
fn two_hundred_kills_leave_the_old_commit_or_the_new_one() {
    let (before, after) = kill(200);
    println!("{before} at the old commit, {after} at the new one");
}

/// A proxy that breaks off once so many bytes went through it, for good or only then.
struct Proxy {
    port: u16,
    through: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(to: u16, limit: usize, for_good: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let through = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&through);
        let cut = Arc::new(AtomicBool::new(false));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if cut.load(Ordering::SeqCst) && for_good {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                for (from, to) in [(&stream, &server), (&server, &stream)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (counted, cut) = (Arc::clone(&counted), Arc::clone(&cut));
                    thread::spawn(move || {
                        let mut buffer = [0; 256];
                        while let Ok(count) = from.read(&mut buffer) {
                            let sum = counted.fetch_add(count, Ordering::SeqCst) + count;
                            let is_over = sum > limit && (for_good || !cut.swap(true, Ordering::SeqCst));
                            if is_over {
                                cut.store(true, Ordering::SeqCst);
                            }
                            if count == 0 || is_over || to.write_all(&buffer[..count]).is_err() {
                                break;
                            }
                        }
                        // The other side may have ended it.
                        let _ = from.shutdown(Shutdown::Both);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Proxy { port, through }
    }
}

/// Cuts the connection after every so many bytes of a publish.
fn cut(steps: usize) {
    let Some(served) = Served::new() else { return };
    let folder = served.site.path("");
    assert!(served.publish(&folder, served.server.port, &[]).output().unwrap().status.success());
    served.site.set("prod", "whole");
    let proxy = Proxy::start(served.server.port, usize::MAX, true);
    assert!(served.publish(&folder, proxy.port, &[]).output().unwrap().status.success());
    let whole = proxy.through.load(Ordering::SeqCst);
    for step in 0..steps {
        let limit = whole * step / steps;
        for for_good in [true, false] {
            let old = served.site.tip("main");
            served.site.set("prod", &format!("c{step}-{for_good}"));
            let proxy = Proxy::start(served.server.port, limit, for_good);
            let output = served.publish(&folder, proxy.port, &[]).output().unwrap();
            let code = output.status.code().unwrap();
            assert!(code == 0 || for_good && code == 2, "cut after {limit}: {code}: {}", text(&output));
            let now = served.site.tip("main");
            let parent = |id| served.site.manifests().find_commit(id).unwrap().parent_id(0).unwrap();
            assert!(now == old && code == 2 || parent(now) == old, "cut after {limit}");
            let output = served.publish(&folder, served.server.port, &[]).output().unwrap();
            assert!(output.status.success(), "{}", text(&output));
            assert_eq!(without_books(served.site.files("main")), served.site.rendered(&[]));
        }
    }
    assert!(served.only_moved_forward());
}

#[test]
fn a_connection_that_breaks_leaves_the_old_commit_or_the_new_one() {
    cut(4);
}

/// `cargo test -p fabrikate --test it -- --ignored --nocapture forty_cuts`
#[test]
#[ignore = "takes minutes"]
fn forty_cuts_leave_the_old_commit_or_the_new_one() {
    cut(40);
}

#[test]
fn a_token_is_sent_and_written_nowhere() {
    let Some(served) = Served::new() else { return };
    let folder = served.site.path("");
    let port = served.server.port;
    let mut outputs = vec![served.publish(&folder, port, &[]).output().unwrap()];
    assert!(outputs[0].status.success(), "{}", text(&outputs[0]));
    served.site.set("prod", "2");
    outputs.push(served.publish(&folder, port, &[]).output().unwrap());
    let wrong = served.publish(&folder, port, &[]).env("FAB_GIT_TOKEN", "s3cr3t-0ther").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong).contains("the credentials are from FAB_GIT_TOKEN"), "{}", text(&wrong));
    outputs.push(wrong);
    // In the address, where it should not be.
    let url = format!("http://{TOKEN}@127.0.0.1:{port}/git/manifests");
    served.site.set("prod", "3");
    let args = ["-v", "publish", "--repository", &url];
    let output = served.site.command(&args).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    outputs.push(output);
    // What is refused by a rule of the server is not tried again.
    served.hook("pre-receive", "echo protected >&2\nexit 1");
    served.site.set("prod", "4");
    let refused = served.publish(&folder, port, &[]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("the server refuses the commit on `main`: pre-receive hook declined"));
    assert!(!text(&refused).contains("attempt"), "{}", text(&refused));
    outputs.push(refused);
    for secret in ["s3cr3t", "bWU6"] {
        assert_eq!(files_with(served.site.site.all(), secret), [] as [&str; 0]);
        for output in &outputs {
            assert!(
                !text(output).contains(secret) && !String::from_utf8_lossy(&output.stdout).contains(secret)
            );
        }
    }
}

#[test]
fn manifests_are_published_by_ssh() {
    let site = ManifestSite::new();
    let Some((server, known)) = sshd() else { return };
    let ssh = site.site.all().join("home/.ssh");
    fs::create_dir(&ssh).unwrap();
    fs::write(ssh.join("known_hosts"), known).unwrap();
    let user = String::from_utf8(run("id", &["-un"])).unwrap();
    let url = format!("ssh://{}@127.0.0.1:{}{}", user.trim(), server.port, site.url());
    let publish = |tag: &str| {
        site.set("prod", tag);
        let key = server.folder().join("id");
        let output =
            site.command(&["publish", "--repository", &url]).env("FAB_GIT_SSH_KEY", key).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert_eq!(without_books(site.files("main")), site.rendered(&[]));
    };
    publish("1");
    publish("2");
    site.fails(&["publish", "--repository", &url], 2, &["refuses access"]);
}
