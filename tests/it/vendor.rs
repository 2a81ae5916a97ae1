//! `fab vendor`: a clone alone generates.

use std::fs;

use crate::remote_charts::repository;
use crate::site::Site;

const COMPONENT: [(&str, &str); 4] = [
    (
        "component.yaml",
        "name: comp\nhooks: {after-generate: [pwd > ../../../where]}\nsubcomponents:\n- {name: st, type: static, path: m}\n",
    ),
    ("m/a.yaml", "a: 1\n"),
    (".gitignore", "m/\n"),
    ("config/common.yaml", "subcomponents: {}\n"),
];

/// A definition with a component from git and a chart of a repository, where a `.gitignore` names their places.
fn site(server: &crate::server::Server) -> Site {
    let site = Site::new(&[(".gitignore", "components/\nhelm_repos/\n")]);
    site.repository("comp").commit(&COMPONENT);
    let url = server.url("/charts");
    site.write(
        "component.yaml",
        &format!(
            "name: root\nsubcomponents:\n- {{name: c, method: git, source: REMOTES/comp}}\n\
             - {{name: web, type: helm, method: helm, source: '{url}', path: web, version: ^1}}\n\
             - {{name: sub, source: ./sub}}\n"
        ),
    );
    site.write(
        "sub/component.yaml",
        &format!("name: sub\nsubcomponents:\n- {{name: web, type: helm, method: helm, source: '{url}', path: web, version: 1.2.0}}\n"),
    );
    let source = site.all().join("remotes/comp").display().to_string();
    site.write("fab.yaml", &format!("hooks: {{allow: [\"{source}\"]}}\n"));
    site
}

fn generated(site: &Site) -> Vec<String> {
    ["c/st.yaml", "web.yaml", "sub/web.yaml"]
        .map(|file| site.read(&format!("generated/common/{file}")))
        .to_vec()
}

#[test]
fn a_clone_alone_generates() {
    let server = repository();
    let site = site(&server);
    site.ok(&["install"]);
    site.ok(&["generate"]);
    let want = generated(&site);
    let run = site.ok(&["vendor", "--locked"]);
    assert!(run.stderr.contains("Vendored 3 components: 3 from cache, 0 fetched"), "{}", run.stderr);

    // What git would commit is all that a clone has.
    let repository = git2::Repository::init(site.path("")).unwrap();
    let mut index = repository.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    let paths: Vec<String> = index.iter().map(|entry| String::from_utf8(entry.path).unwrap()).collect();
    assert!(paths.contains(&"vendor/components/c/m/a.yaml".to_owned()), "{paths:?}");
    assert!(!paths.iter().any(|path| path.starts_with("components/") || path.starts_with("helm_repos/")));
    for folder in ["components", "helm_repos", "generated"] {
        fs::remove_dir_all(site.path(folder)).unwrap();
    }
    site.remove_cache();
    site.remove_remotes();
    drop(server);
    site.ok(&["generate"]);
    assert_eq!(generated(&site), want);
    assert!(site.read("where").trim_end().ends_with("vendor/components/c"), "{}", site.read("where"));
    let run = site.ok(&["install"]);
    assert!(run.stderr.contains("3 components in the folder `vendor`: nothing to install"), "{}", run.stderr);
    assert!(!site.path("components").exists());
}

#[test]
fn err_what_is_vendored_has_to_belong_to_the_lock() {
    let server = repository();
    let site = site(&server);
    site.ok(&["vendor"]);
    site.write("fab.lock", &site.read("fab.lock").replace("version: ^1", "version: ^1.0"));
    for command in ["generate", "install"] {
        site.fails(&[command], 2, &["`vendor` does not belong to fab.lock", "run `fab vendor`"]);
    }
    site.ok(&["vendor"]);
    site.ok(&["generate"]);
    let text = site.read("component.yaml").replace("name: web, ", "name: other, ");
    site.write("component.yaml", &text);
    site.fails(&["install"], 2, &["it is not in the folder `vendor`", "in component `other`"]);
    site.ok(&["vendor"]);
    site.ok(&["install"]);
    assert!(site.path("vendor/helm_repos/other").is_dir() && !site.path("vendor/helm_repos/web").exists());
}

#[test]
fn err_what_cannot_be_vendored() {
    let site = Site::new(&[("vendor/mine.txt", "mine")]);
    site.repository("comp").commit(&[("component.yaml", "name: comp\n")]);
    site.write(
        "component.yaml",
        "name: root\nsubcomponents:\n- {name: c, method: git, source: REMOTES/comp}\n",
    );
    site.fails(&["vendor"], 2, &["`vendor` is there, and is not by `fab vendor`"]);
    assert_eq!(site.read("vendor/mine.txt"), "mine");
}

#[test]
fn what_hooks_make_of_an_installation_is_vendored() {
    let site = Site::new(&[]);
    let hooked = "name: comp\nhooks: {after-install: ['echo \"b: 2\" > m/b.yaml']}\ntype: static\npath: m\n";
    site.repository("comp").commit(&[("component.yaml", hooked), COMPONENT[1]]);
    site.write(
        "component.yaml",
        "name: root\nhooks: {after-install: ['echo \"a: 3\" > components/c/m/a.yaml']}\nsubcomponents:\n\
         - {name: c, method: git, source: REMOTES/comp}\n",
    );
    site.fails(&["vendor"], 2, &["after-install", "is not allowed to run"]);
    assert!(!site.path("vendor").exists() && !site.path("components").exists());
    let source = site.all().join("remotes/comp").display().to_string();
    site.ok(&["vendor", "--allow-hooks", &source]);
    fs::remove_dir_all(site.path("components")).unwrap();
    site.ok(&["install"]);
    site.ok(&["generate"]);
    assert_eq!(site.read("generated/common/c/comp.yaml"), "---\na: 3\n\n---\nb: 2\n\n");
    assert!(!site.path("components").exists());
}

#[test]
fn without_sources_nothing_is_vendored() {
    let site = Site::new(&[("component.yaml", "name: root\n")]);
    site.ok(&["vendor"]);
    assert!(!site.path("vendor").exists());
    site.ok(&["generate"]);
}
