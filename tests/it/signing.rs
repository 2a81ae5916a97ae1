//! Signed commits: git and ssh-keygen say whether they are right.
//!
//! Where these are not installed the tests say so and pass, as those with real servers do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::hld::Run;
use crate::manifest_site::ManifestSite;
use crate::real_servers::{Running, installed, run};

const MAIN: &str = "refs/heads/main";
const NOTES: &str = "refs/notes/hydrator.metadata";

/// A manifest site, and keys beside it.
struct Keys {
    site: ManifestSite,
}

impl Keys {
    fn new() -> Option<Self> {
        installed("ssh-keygen").and(installed("git")).map(|_| Keys { site: ManifestSite::new() })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.site.site.all().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    /// Makes a key; returns its file.
    fn key(&self, name: &str, args: &[&str]) -> String {
        let file = self.shown(name);
        let passphrase: &[&str] = if args.contains(&"-N") { &[] } else { &["-N", ""] };
        run("ssh-keygen", &[&["-q", "-C", "publisher@example.com", "-f", &file], passphrase, args].concat());
        let public = fs::read_to_string(format!("{file}.pub")).unwrap();
        fs::write(self.file("allowed"), format!("publisher@example.com {public}")).unwrap();
        file
    }

    /// Runs `fab publish` of what has changed.
    fn publish(&self, tag: &str, env: &[(&str, &str)]) -> Run {
        self.site.set("prod", tag);
        self.site.site.fab_with(&["publish"], env)
    }

    /// Whether git takes a commit for signed by the key that was made last.
    fn verify(&self, repository: &Path, commit: &str) -> bool {
        let allowed = format!("gpg.ssh.allowedSignersFile={}", self.shown("allowed"));
        let mut git = Command::new("git");
        git.args(["-c", &allowed, "-c", "safe.directory=*", "verify-commit", commit]);
        let output = git.current_dir(repository).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success() && said.contains("Good \"git\" signature for publisher@example.com")
    }

    #[track_caller]
    fn check(&self, references: &[&str]) {
        for reference in references {
            assert!(self.verify(Path::new(&self.site.url()), reference), "{reference}");
        }
    }

    /// Publishing fails, and nothing of the key is said.
    #[track_caller]
    fn fails(&self, env: &[(&str, &str)], words: &[&str]) {
        let before = self.site.all();
        let said = self.site.site.fab_with(&["publish"], env).exited(2, &["publish"]).says(words);
        let all = said.stdout + &said.stderr;
        assert!(!all.contains("b3BlbnNzaC1rZXk") && !all.contains("s3cr3t"), "{all}");
        assert_eq!(self.site.all(), before);
    }
}

/// A text without the header of a signature, and the signature.
fn split(commit: &str) -> (String, String) {
    let (mut text, mut signature) = (String::new(), String::new());
    let (headers, message) = commit.split_once("\n\n").unwrap();
    let mut is_signature = false;
    for line in headers.lines() {
        is_signature = line.starts_with("gpgsig ") || is_signature && line.starts_with(' ');
        if is_signature {
            signature += line.strip_prefix("gpgsig").unwrap_or(line).strip_prefix(' ').unwrap();
            signature += "\n";
        } else {
            text += &format!("{line}\n");
        }
    }
    (format!("{text}\n{message}"), signature)
}

#[test]
fn every_kind_of_key_signs_as_git_wants_it() {
    let Some(keys) = Keys::new() else { return };
    let kinds: [(&str, &[&str]); 6] = [
        ("ed25519", &["-t", "ed25519"]),
        ("ecdsa256", &["-t", "ecdsa", "-b", "256"]),
        ("ecdsa384", &["-t", "ecdsa", "-b", "384"]),
        ("ecdsa521", &["-t", "ecdsa", "-b", "521"]),
        ("rsa2048", &["-t", "rsa", "-b", "2048"]),
        ("rsa3072", &["-t", "rsa", "-b", "3072"]),
    ];
    for (name, args) in kinds {
        let key = keys.key(name, args);
        keys.publish(name, &[("FAB_SIGNING_KEY", &key)]).exited(0, &["publish"]);
        keys.check(&[MAIN]);
        // Another program reads the signature as well, and where there is no chance in it, it is byte for byte its own.
        let tip = keys.site.tip("main").to_string();
        let commit = run("git", &["--git-dir", &keys.site.url(), "cat-file", "commit", &tip]);
        let (text, signature) = split(std::str::from_utf8(&commit).unwrap());
        fs::write(keys.file("text"), &text).unwrap();
        let sign = ["-q", "-Y", "sign", "-n", "git", "-f", &key, &keys.shown("text")];
        run("ssh-keygen", &sign);
        let theirs = fs::read_to_string(keys.file("text.sig")).unwrap();
        fs::remove_file(keys.file("text.sig")).unwrap();
        if !name.starts_with("ecdsa") {
            assert_eq!(signature, theirs, "{name}");
        }
        fs::write(keys.file("sig"), &signature).unwrap();
        let (allowed, sig) = (keys.shown("allowed"), keys.shown("sig"));
        let verify =
            ["-q", "-Y", "verify", "-n", "git", "-I", "publisher@example.com", "-f", &allowed, "-s", &sig];
        let mut verify = Command::new("ssh-keygen")
            .args(verify)
            .stdin(fs::File::open(keys.file("text")).unwrap())
            .spawn()
            .unwrap();
        assert!(verify.wait().unwrap().success(), "{name}");
    }
}

#[test]
fn commits_notes_rollbacks_and_proposals_are_signed() {
    let Some(keys) = Keys::new() else { return };
    let key = keys.key("key", &["-t", "ed25519"]);
    let env = [("FAB_SIGNING_KEY", key.as_str())];
    let ok = |args: &[&str]| keys.site.site.fab_with(args, &env).exited(0, args);
    let layout = ["--branch", "environment/{env}", "--propose"];
    ok(&[&["publish"], &layout[..]].concat());
    // The first commit of a branch that proposals are for, too.
    keys.check(&["refs/heads/environment/prod", "refs/heads/environment/prod-next", NOTES]);
    keys.publish("2", &env);
    keys.publish("3", &env);
    keys.check(&[MAIN]);
    ok(&["rollback", "prod"]);
    keys.check(&[MAIN]);
    ok(&["resume", "prod"]);
    keys.check(&[MAIN]);
    // Without a key there is no signature.
    keys.publish("4", &[]).exited(0, &["publish"]);
    assert!(!keys.verify(Path::new(&keys.site.url()), MAIN));
}

#[test]
fn a_key_is_given_as_a_file_or_as_its_text() {
    let Some(keys) = Keys::new() else { return };
    let key = keys.key("key", &["-t", "ed25519"]);
    let text = fs::read_to_string(&key).unwrap();
    let texts = [
        text.clone(),
        // As stores for secrets leave it.
        text.trim_end().to_owned(),
        text.replace('\n', "\r\n"),
        text.replace('\n', " "),
    ];
    for (at, text) in texts.iter().enumerate() {
        keys.publish(&format!("t{at}"), &[("FAB_SIGNING_KEY", text)]).exited(0, &["publish"]);
        keys.check(&[MAIN]);
    }
    // The public half is enough, where the other one is beside it.
    let public = format!("{key}.pub");
    keys.publish("pub", &[("FAB_SIGNING_KEY", &public)]).exited(0, &["publish"]);
    keys.check(&[MAIN]);
}

#[test]
fn a_key_with_a_passphrase_signs_if_that_is_given() {
    let Some(keys) = Keys::new() else { return };
    for cipher in ["aes256-ctr", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-cbc"] {
        let name = cipher.split('@').next().unwrap();
        let key = keys.key(name, &["-t", "ed25519", "-N", "s3cr3t", "-a", "1", "-Z", cipher]);
        let passphrase = |text| [("FAB_SIGNING_KEY", key.as_str()), ("FAB_SIGNING_KEY_PASSPHRASE", text)];
        keys.publish(name, &passphrase("s3cr3t")).exited(0, &["publish"]);
        keys.check(&[MAIN]);
        keys.fails(
            &passphrase("wrong"),
            &[
                "the commit cannot be signed: the passphrase of the signing key `",
                name,
                "FAB_SIGNING_KEY_PASSPHRASE",
            ],
        );
        keys.fails(
            &[("FAB_SIGNING_KEY", &key)],
            &[&format!("the signing key `{key}` has a passphrase"), "FAB_SIGNING_KEY_PASSPHRASE", "ssh-add"],
        );
    }
}

#[test]
fn err_a_key_that_cannot_sign() {
    let Some(keys) = Keys::new() else { return };
    let check = |key: &str, words: &[&str]| keys.fails(&[("FAB_SIGNING_KEY", key)], words);
    check(
        &keys.shown("missing"),
        &[&format!("cannot read the signing key `{}`: No such file", keys.shown("missing"))],
    );
    let key = keys.key("key", &["-t", "ed25519"]);
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    check(
        &public,
        &[
            "the signing key in FAB_SIGNING_KEY is a public one, and no ssh agent has its private key",
            "ssh-add",
        ],
    );
    fs::rename(format!("{key}.pub"), keys.file("alone.pub")).unwrap();
    let alone = keys.shown("alone.pub");
    check(&alone, &[&format!("the signing key `{alone}` is a public one")]);
    // A secret that is no key is not shown.
    check(
        "s3cr3t/b3BlbnNzaC1rZXk",
        &["cannot read the signing key that FAB_SIGNING_KEY names: ", "-----BEGIN"],
    );
    let text = fs::read_to_string(&key).unwrap();
    let half = &text[..text.len() / 2];
    check(half, &["the signing key in FAB_SIGNING_KEY is damaged: ", "from its first line to its last"]);
    keys.site.write("note.txt", "hello\n");
    check(
        keys.site.path("note.txt").to_str().unwrap(),
        &["note.txt` is no OpenSSH key\n", "ssh-keygen -t ed25519"],
    );
    let old = keys.key("old", &["-t", "rsa", "-b", "2048", "-m", "PEM"]);
    check(&old, &["old` is no OpenSSH key but `RSA PRIVATE KEY`", "ssh-keygen -p -f FILE"]);
    check("PuTTY-User-Key-File-3: ssh-ed25519\n", &["is no OpenSSH key but `PuTTY`", "puttygen"]);
    // One that git would not take.
    let dsa = keys.shown("dsa");
    if Command::new("ssh-keygen").args(["-q", "-t", "dsa", "-N", "", "-f", &dsa]).status().unwrap().success()
    {
        check(&dsa, &["dsa` is of a kind that cannot sign commits: ssh-dss", "ssh-keygen -t ed25519"]);
    }
    // What only reads needs no key.
    keys.publish("1", &[]).exited(0, &["publish"]);
    keys.site.site.fab_with(&["history", "prod"], &[("FAB_SIGNING_KEY", "/missing")]).exited(0, &["history"]);
    keys.site
        .site
        .fab_with(&["rollback", "prod"], &[("FAB_SIGNING_KEY", "/missing")])
        .exited(2, &["rollback"])
        .says(&["cannot be signed"]);
}

/// An ssh agent that has a key; ends with the test.
fn agent(keys: &Keys, key: &str) -> Option<Running> {
    let (agent, add) = (installed("ssh-agent")?, installed("ssh-add")?);
    let socket = keys.shown("agent");
    let running = Running::of(Command::new(agent).args(["-D", "-a", &socket]).stdout(Stdio::null()));
    fs::write(keys.file("ask"), "#!/bin/sh\necho s3cr3t\n").unwrap();
    fs::set_permissions(keys.file("ask"), fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..200 {
        let mut add = Command::new(&add);
        add.arg("-q").arg(key).env("SSH_AUTH_SOCK", &socket).env("SSH_ASKPASS", keys.file("ask"));
        add.env("SSH_ASKPASS_REQUIRE", "force").stderr(Stdio::null());
        if add.status().unwrap().success() {
            return Some(running);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the agent does not take the key");
}

#[test]
fn the_ssh_agent_signs_with_a_key_that_it_has() {
    let Some(keys) = Keys::new() else { return };
    for (name, args) in [("ed25519", ["-t", "ed25519"]), ("rsa", ["-t", "rsa"]), ("ecdsa", ["-t", "ecdsa"])] {
        let key = keys.key(name, &[&args[..], &["-N", "s3cr3t", "-a", "1"]].concat());
        let Some(agent) = agent(&keys, &key) else { return };
        let socket = keys.shown("agent");
        let env = |key| [("FAB_SIGNING_KEY", key), ("SSH_AUTH_SOCK", socket.as_str())];
        // The file has a passphrase, which nobody gives.
        keys.publish(&format!("{name}1"), &env(&key)).exited(0, &["publish"]);
        keys.check(&[MAIN]);
        let public = fs::read_to_string(format!("{key}.pub")).unwrap();
        keys.publish(&format!("{name}2"), &env(&public)).exited(0, &["publish"]);
        keys.check(&[MAIN]);
        drop(agent);
        keys.fails(&env(&public), &["no ssh agent has its private key"]);
        fs::remove_file(socket).unwrap();
    }
}

#[test]
fn gits_own_configuration_signs_what_is_committed_in_a_checkout() {
    let Some(keys) = Keys::new() else { return };
    let key = keys.key("home/key", &["-t", "ed25519"]);
    let config = |text: &str| fs::write(keys.file("home/.gitconfig"), text).unwrap();
    let set = |tag: &str, env: &[(&str, &str)]| {
        keys.site.site.fab_with(&["set", "--subcomponent", "web", &format!("tag={tag}"), "--commit"], env)
    };
    let (hld, public) = (keys.site.path(""), format!("{key}.pub"));
    for (at, key) in [key.as_str(), "~/key", public.as_str()].into_iter().enumerate() {
        config(&format!("[commit]\ngpgsign = true\n[gpg]\nformat = ssh\n[user]\nsigningkey = {key}\n"));
        set(&format!("a{at}"), &[]).exited(0, &["set"]);
        assert!(keys.verify(&hld, "HEAD"), "{key}");
    }
    config("[commit]\ngpgsign = true\n[user]\nsigningkey = ABCDEF\n");
    set("b", &[]).exited(0, &["set"]).says(&[
        "the commit is not signed",
        "`gpg.format=openpgp`",
        "user.signingkey",
    ]);
    assert!(!keys.verify(&hld, "HEAD"));
    // The variable is stronger.
    set("c", &[("FAB_SIGNING_KEY", &key)]).exited(0, &["set"]);
    assert!(keys.verify(&hld, "HEAD"));
    let before = git2::Repository::open(&hld).unwrap().head().unwrap().target();
    config("[commit]\ngpgsign = true\n[gpg]\nformat = ssh\n");
    set("d", &[]).exited(2, &["set"]).says(&["nothing says with which key", "user.signingkey"]);
    config("[commit]\ngpgsign = true\n[gpg]\nformat = ssh\n[user]\nsigningkey = ~/none\n");
    set("d", &[]).exited(2, &["set"]).says(&["cannot read the signing key `", "/home/none`: "]);
    assert_eq!(git2::Repository::open(&hld).unwrap().head().unwrap().target(), before);
    assert!(!keys.site.site.read("config/common.yaml").contains("tag: d"));
    config("[gpg]\nformat = ssh\n[user]\nsigningkey = /none\n");
    set("e", &[]).exited(0, &["set"]);
}
