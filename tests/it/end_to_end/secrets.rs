//! Looks for secrets wherever they could have been written down.
//!
//! They are searched as they are and in base64, whatever comes before them, in the names and texts of files and in
//! the objects of git repositories, packed or not.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Returns a text that nobody has had before.
pub(super) fn random() -> String {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What must not be found anywhere.
#[derive(Default)]
pub(super) struct Secrets(Vec<Secret>);

/// A secret by its name, in the forms in which it could be written.
struct Secret {
    name: String,
    forms: Vec<String>,
}

impl Secrets {
    /// Adds a secret that is a text.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let mut forms = vec![text.to_owned()];
        forms.extend((0..3).map(|before| encoded(text, before)));
        self.0.push(Secret { name: name.to_owned(), forms });
    }

    /// Adds a private key: the lines that no other key of its kind has.
    pub(super) fn add_key(&mut self, name: &str, key: &str) {
        let lines = key.lines().filter(|line| !line.starts_with("-----"));
        // The first line is the same in all keys, and the public half begins in the second one.
        for (number, line) in lines.enumerate().skip(2) {
            self.add(&format!("{name}, line {number}"), line);
        }
    }

    /// Returns the names of the secrets that a text has.
    pub(super) fn in_text(&self, text: &[u8]) -> Vec<&str> {
        let text = String::from_utf8_lossy(text);
        let has = |secret: &&Secret| secret.forms.iter().any(|form| text.contains(form));
        self.0.iter().filter(has).map(|secret| secret.name.as_str()).collect()
    }

    /// Returns where in a folder which secrets are.
    pub(super) fn in_folder(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap) {
            let mut look = |place: &str, text: &[u8]| {
                let names = self.in_text(text).into_iter();
                found.extend(names.map(|name| format!("{name} in {place} of {}", entry.path().display())));
            };
            look("the name", entry.file_name().as_encoded_bytes());
            if entry.file_type().is_file() {
                look("the text", &fs::read(entry.path()).unwrap());
            } else if entry.path_is_symlink() {
                look("the target", fs::read_link(entry.path()).unwrap().as_os_str().as_encoded_bytes());
            } else if entry.path().join("objects").is_dir() && entry.path().join("HEAD").is_file() {
                for (id, content) in objects(entry.path()) {
                    look(&id, &content);
                }
            }
        }
        found
    }
}

/// Returns all objects of a repository, reachable or not.
fn objects(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let repository = git2::Repository::open(folder).unwrap();
    let odb = repository.odb().unwrap();
    let mut ids = Vec::new();
    odb.foreach(|id| {
        ids.push(*id);
        true
    })
    .unwrap();
    ids.into_iter().map(|id| (format!("object {id}"), odb.read(id).unwrap().data().to_vec())).collect()
}

/// Returns the part of a text in base64 that is the same whatever is around it, if so many bytes, modulo 3, are before it.
fn encoded(text: &str, before: usize) -> String {
    let all = STANDARD.encode([vec![0; before], text.as_bytes().to_vec()].concat());
    let from = (before * 8).div_ceil(6);
    let to = (before + text.len()) * 8 / 6;
    all[from..to].to_owned()
}

#[test]
fn what_is_hidden_is_found() {
    let secret = random();
    let mut secrets = Secrets::default();
    secrets.add("it", &secret);
    let check = |hide: &dyn Fn(&Path), place: &str| {
        let folder = tempfile::tempdir().unwrap();
        hide(folder.path());
        let found = secrets.in_folder(folder.path());
        assert!(found.iter().any(|found| found.starts_with(&format!("it in {place}"))), "{place}: {found:?}");
    };
    check(&|folder| fs::write(folder.join("a"), format!("\u{1f}{secret}x")).unwrap(), "the text of");
    check(&|folder| fs::create_dir(folder.join(&secret)).unwrap(), "the name of");
    check(&|folder| std::os::unix::fs::symlink(&secret, folder.join("a")).unwrap(), "the target of");
    for user in ["me", "you", "oauth2", "x-access-token"] {
        let header = STANDARD.encode(format!("{user}:{secret}"));
        check(&|folder| fs::write(folder.join("a"), &header).unwrap(), "the text of");
    }
    let repository = |folder: &Path| {
        let repository = git2::Repository::init(folder).unwrap();
        let id = repository.blob(format!("token: {secret}\n").as_bytes()).unwrap();
        (repository, id)
    };
    check(&|folder| drop(repository(folder)), "object ");
    let pack = |folder: &Path| {
        let (repository, id) = repository(folder);
        let mut pack = repository.packbuilder().unwrap();
        pack.insert_object(id, None).unwrap();
        pack.write(&folder.join(".git/objects/pack"), 0).unwrap();
        let id = id.to_string();
        fs::remove_file(folder.join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    };
    check(&pack, "object ");
    let nothing = tempfile::tempdir().unwrap();
    fs::write(nothing.path().join("a"), random()).unwrap();
    assert_eq!(secrets.in_folder(nothing.path()), [""; 0]);
}
