//! `fab find`: charts and components in the repositories that a definition knows.

use crate::server::{Reply, Server};
use crate::site::Site;

const INDEX: &str = "apiVersion: v1\nentries:\n\
    \x20 redis:\n\
    \x20 - {name: redis, version: 2.0.0-rc.1, description: Redis to come}\n\
    \x20 - {name: redis, version: 1.10.0, description: A store in memory}\n\
    \x20 - {name: redis, version: 1.9.0}\n\
    \x20 kafka:\n\
    \x20 - {name: kafka, version: 3.0.0, description: \"A log; works with redis\\e[2J\"}\n";

fn charts() -> Server {
    Server::start(|request, _| match request.path.as_str() {
        "/charts/index.yaml" => Reply::ok(INDEX),
        _ => Reply::status(404),
    })
}

/// Makes a definition whose catalog has a chart repository and a git repository; both have a redis.
fn with_catalog(charts: &str) -> Site {
    let site = Site::new(&[("component.yaml", "name: root\n")]);
    site.repository("platform").commit(&[
        ("defs/redis-cache/component.yaml", "name: redis-cache\n"),
        ("defs/redis-cache/README.md", "# Cache\n\nRedis, tuned to be a cache.\n"),
        ("defs/web/Chart.yaml", "name: web\nversion: 0.1.0\ndescription: A site\n"),
        ("other/redis/component.yaml", "name: redis\n"),
    ]);
    let git = site.all().join("remotes/platform").display().to_string();
    let catalog = format!(
        "catalog:\n- {{source: '{charts}', method: helm}}\n- {{source: 'file://{git}', path: defs, branch: main}}\n"
    );
    site.write("fab.yaml", &catalog);
    site
}

#[test]
fn what_is_found_can_be_added() {
    let server = charts();
    let site = with_catalog(&server.url("/charts"));
    let run = site.ok(&["find", "Redis"]);
    let git = format!("file://{}", site.all().join("remotes/platform").display());
    let charts = server.url("/charts");
    let lines: Vec<&str> = run.stdout.lines().collect();
    let columns = |line: &str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("|")
    };
    assert_eq!(columns(lines[0]), "NAME|TYPE|VERSION|SOURCE|DESCRIPTION");
    assert_eq!(columns(lines[1]), format!("redis|helm|1.10.0|{charts}|A store in memory"));
    assert_eq!(
        columns(lines[2]),
        format!("redis-cache|component|main|{git} defs/redis-cache|Redis, tuned to be a cache.")
    );
    assert_eq!(columns(lines[3]), format!("kafka|helm|3.0.0|{charts}|A log; works with redis [2J"));
    let want = [
        String::new(),
        format!("fab add redis --type helm --method helm --source {charts} --path redis --version 1.10.0"),
        format!("fab add redis-cache --source {git} --path defs/redis-cache --branch main"),
        format!("fab add kafka --type helm --method helm --source {charts} --path kafka --version 3.0.0"),
    ];
    assert_eq!(lines[4..], want);
    let added: Vec<&str> = lines[6].split(' ').skip(1).collect();
    site.ok(&added);
    site.ok(&["install"]);
    assert!(site.path("components/redis-cache/defs/redis-cache/component.yaml").exists());
}

#[test]
fn without_a_network_the_last_search_counts() {
    let server = charts();
    let site = with_catalog(&server.url("/charts"));
    site.fails(&["find", "--offline", "redis"], 2, &["cannot search `", "it is not in the cache"]);
    let online = site.ok(&["find", "redis"]).stdout;
    let asked = server.paths().len();
    site.remove_remotes();
    assert_eq!(site.ok(&["find", "redis", "--offline"]).stdout, online);
    assert_eq!(server.paths().len(), asked, "nobody is asked");
}

#[test]
fn the_repositories_of_components_are_searched() {
    let server = charts();
    let site = Site::new(&[]);
    site.write(
        "component.yaml",
        &format!(
            "name: root\nsubcomponents:\n- {{name: a, type: helm, method: helm, source: '{}', path: kafka}}\n",
            server.url("/charts")
        ),
    );
    let json = site.ok(&["find", "log", "--output-format", "json"]).stdout;
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found[0]["name"], "kafka");
    assert_eq!(found[0]["version"], "3.0.0");
    assert_eq!(found.as_array().unwrap().len(), 1);
}

#[test]
fn without_a_branch_the_one_that_is_pointed_to_is_named() {
    let site = Site::new(&[("component.yaml", "name: root\n")]);
    let repository = site.repository("platform");
    let commit = repository.commit(&[("component.yaml", "type: component\n")]);
    let git = format!("file://{}", site.all().join("remotes/platform").display());
    site.write("fab.yaml", &format!("catalog:\n- source: {git}\n"));
    let run = site.ok(&["find"]);
    assert!(
        run.stdout.ends_with(&format!("fab add platform --source {git} --branch main\n")),
        "{}",
        run.stdout
    );
    site.write("fab.yaml", &format!("catalog:\n- source: {git}\n  version: {commit}\n"));
    let run = site.ok(&["find"]);
    assert!(run.stdout.contains(&format!("platform  component  {}  ", &commit[..7])), "{}", run.stdout);
    assert!(run.stdout.ends_with(&format!("--version {commit}\n")), "{}", run.stdout);
}

#[test]
fn nothing_found_is_a_finding() {
    let server = charts();
    let site = with_catalog(&server.url("/charts"));
    site.fails(&["find", "rediss"], 1, &["Found no `rediss` in 2 repositories; did you mean `redis`?"]);
}

#[test]
fn err_a_repository_cannot_be_searched() {
    let server = charts();
    let site = with_catalog(&server.url("/gone"));
    let run = site.fails(
        &["find", "redis"],
        2,
        &["cannot search `http://", "/gone` by helm: there is no index.yaml"],
    );
    assert!(run.stdout.contains("fab add redis-cache"), "the others are searched: {}", run.stdout);
}

#[test]
fn err_there_is_no_repository() {
    let site = Site::new(&[("component.yaml", "name: root\n")]);
    site.fails(&["find", "redis"], 2, &["there is no repository to search", "`catalog` in fab.yaml"]);
}

#[test]
fn err_a_catalog_cannot_be_one() {
    let site = Site::new(&[("component.yaml", "name: root\n")]);
    let check = |entry: &str, text: &str| {
        site.write("fab.yaml", &format!("catalog:\n- {{{entry}}}\n"));
        site.fails(&["find", "redis"], 2, &[text, "fab.yaml:2:"]);
    };
    check("method: git", "a catalog needs a `source`");
    check("source: 'https://h.example', method: http", "a catalog is searched by `git` or `helm`");
    check("source: 'oci://h.example', method: helm", "a registry has no index");
    check("source: 'https://h.example', path: ../x", "`../x` leads out of the repository");
}

#[test]
fn err_a_source_has_to_be_allowed() {
    let server = charts();
    let site = with_catalog(&server.url("/charts"));
    let text = site.read("fab.yaml");
    site.write("fab.yaml", &format!("{text}sources: {{allow: ['https://other.example']}}\n"));
    site.fails(&["find", "redis"], 2, &["is none of the sources that fab.yaml allows"]);
    assert_eq!(server.paths(), [""; 0]);
}
