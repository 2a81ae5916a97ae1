//! `fab status` with clusters: what Flux and Argo CD have applied, and how clusters are reached.
//!
//! Objects are as the CustomResourceDefinitions of kustomize-controller v1.7, source-controller v1.7 and Argo CD v3 have
//! them.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cluster::{Cluster, Pki, TOKEN, encoded};
use crate::server::{Reply, Server};
use crate::status::Published;

const KUSTOMIZATIONS: &str = "kustomize.toolkit.fluxcd.io/v1/kustomizations";
const GIT_REPOSITORIES: &str = "source.toolkit.fluxcd.io/v1/gitrepositories";
const OCI_REPOSITORIES: &str = "source.toolkit.fluxcd.io/v1/ocirepositories";
const APPLICATIONS: &str = "argoproj.io/v1alpha1/applications";

/// What is published, and a cluster that is asked for it.
struct Clustered {
    published: Published,
    cluster: Cluster,
}

impl Clustered {
    fn new() -> Self {
        let clustered = Clustered { published: Published::new(&[]), cluster: Cluster::new() };
        clustered.write("kubeconfig", &clustered.kubeconfig(&format!("token: {TOKEN}")));
        clustered
    }

    /// A kubeconfig with the context `east`, for a user with these fields.
    fn kubeconfig(&self, user: &str) -> String {
        let ca = encoded(&Pki::get().ca);
        kubeconfig(
            &format!("server: {}, certificate-authority-data: {ca}", self.cluster.server.url("")),
            user,
        )
    }

    fn write(&self, file: &str, text: &str) {
        self.published.site.write(file, text);
    }

    fn path(&self, file: &str) -> PathBuf {
        self.published.site.path(file)
    }

    /// The whole hash of a commit that snapshots name so.
    fn hash(&self, name: &str) -> String {
        let found = self.published.names.iter().find(|(_, known)| **known == name);
        found.unwrap().0.clone()
    }

    /// Runs `fab status prod` with the kubeconfig; where the server listens is replaced.
    #[track_caller]
    fn status(&self, args: &[&str], code: i32) -> String {
        let text = self.published.status(&[&["prod", "--kubeconfig", "kubeconfig"], args].concat(), code);
        self.without_address(&text)
    }

    fn without_address(&self, text: &str) -> String {
        assert!(!text.contains(TOKEN) && !text.contains("PRIVATE KEY"), "{text}");
        text.replace(self.cluster.server.address(), "HOST:PORT")
    }

    /// What is said of the cluster, below what is published.
    #[track_caller]
    fn applied(&self, args: &[&str], code: i32) -> String {
        let text = self.status(args, code);
        text.split_once("\n\n").unwrap().1.to_owned()
    }

    /// Puts a Kustomization for the folder, which has applied a commit, and is as the conditions say.
    fn kustomization(&self, name: &str, path: &str, revision: &str, change: &dyn Fn(&mut Value)) {
        let mut object = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": name, "namespace": "flux-system", "generation": 2},
            "spec": {
                "interval": "30m0s", "prune": true, "wait": true, "path": path,
                "sourceRef": {"kind": "GitRepository", "name": "shop"},
            },
            "status": {
                "observedGeneration": 2,
                "lastAppliedRevision": format!("main@sha1:{revision}"),
                "lastAttemptedRevision": format!("main@sha1:{revision}"),
                "conditions": [ready("True", &format!("Applied revision: main@sha1:{revision}"))],
            },
        });
        change(&mut object);
        self.cluster.put(KUSTOMIZATIONS, object);
    }

    /// Puts a GitRepository of the manifest repository.
    fn git_repository(&self, name: &str, change: &dyn Fn(&mut Value)) {
        let mut object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": name, "namespace": "flux-system", "generation": 1},
            "spec": {"interval": "1m0s", "url": self.published.site.url(), "ref": {"branch": "main"}},
            "status": {
                "observedGeneration": 1,
                "conditions": [ready("True", "stored artifact for revision 'main@sha1:…'")],
            },
        });
        change(&mut object);
        self.cluster.put(GIT_REPOSITORIES, object);
    }

    /// Puts an Application for the folder `prod`, which was synced to a commit.
    fn application(&self, name: &str, revision: &str, change: &dyn Fn(&mut Value)) {
        let source = json!({"repoURL": self.published.site.url(), "path": "prod", "targetRevision": "main"});
        let mut object = json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {
                "project": "default", "source": source,
                "destination": {"server": "https://kubernetes.default.svc"},
            },
            "status": {
                "sync": {"status": "Synced", "revision": revision, "comparedTo": {"source": source}},
                "health": {"status": "Healthy"},
                "history": [
                    {"id": 0, "revision": "0000000000000000000000000000000000000000", "source": source},
                    {"id": 1, "revision": revision, "source": source},
                ],
                "operationState": {
                    "phase": "Succeeded", "message": "successfully synced (all tasks run)",
                    "syncResult": {"revision": revision},
                },
            },
        });
        change(&mut object);
        self.cluster.put(APPLICATIONS, object);
    }
}

fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\npreferences: {{}}\ncurrent-context: east\ncontexts:\n- {{name: east, context: {{cluster: one, user: ada}}}}\nclusters:\n- {{name: one, cluster: {{{cluster}}}}}\nusers:\n- name: ada\n  user: {{{user}}}\n"
    )
}

fn ready(status: &str, message: &str) -> Value {
    json!({
        "type": "Ready", "status": status, "reason": "Any", "message": message, "observedGeneration": 2,
        "lastTransitionTime": "2026-11-26T10:00:00Z",
    })
}

fn as_it_is(_: &mut Value) {}

#[test]
fn kustomizations_are_told_by_the_source_commit_that_they_applied() {
    let one = Clustered::new();
    let (first, second) = (one.hash("manifests-1"), one.hash("manifests-2"));
    one.git_repository("shop", &as_it_is);
    one.kustomization("ready", "./prod", &second, &as_it_is);
    one.kustomization("part", "./prod/web", &second, &as_it_is);
    one.kustomization("behind", "prod", &first, &as_it_is);
    one.kustomization("foreign", "prod", "1111111111111111111111111111111111111111", &as_it_is);
    one.kustomization("failed", "./prod", &first, &|object| {
        let message = "ConfigMap/one dry-run failed:\n\u{1b}[31merror\u{1b}[0m ##vso[task.complete]";
        object["status"]["conditions"] = json!([
            {"type": "Reconciling", "status": "True", "reason": "ProgressingWithRetry"},
            ready("False", message),
        ]);
    });
    one.kustomization("suspended", "./prod", &first, &|object| object["spec"]["suspend"] = json!(true));
    one.kustomization("reconciling", "./prod", &first, &|object| {
        object["status"]["conditions"] = json!([ready("Unknown", "Reconciliation in progress")]);
    });
    one.kustomization("changed", "./prod", &second, &|object| object["metadata"]["generation"] = json!(3));
    one.kustomization("new", "./prod", "", &|object| object["status"] = json!({"observedGeneration": -1}));
    one.kustomization("old-form", "./prod", "", &|object| {
        object["status"]["lastAppliedRevision"] = json!(format!("main/{second}"));
    });
    // None of these is this environment.
    one.kustomization("other-environment", "./qa", &second, &as_it_is);
    one.kustomization("near-name", "./prod-2", &second, &as_it_is);
    one.kustomization("all", "./", &second, &as_it_is);
    one.kustomization("no-source", "./prod", &second, &|object| {
        object["spec"]["sourceRef"]["name"] = json!("nothing");
    });
    one.git_repository("other-repository", &|object| object["spec"]["url"] = json!("ssh://git@h/x"));
    one.git_repository("other-branch", &|object| object["spec"]["ref"]["branch"] = json!("next"));
    for name in ["other-repository", "other-branch"] {
        one.kustomization(name, "./prod", &second, &|object| {
            object["spec"]["sourceRef"]["name"] = json!(name);
        });
    }
    insta::assert_snapshot!(one.status(&[], 0));
    insta::assert_snapshot!(one.status(&["--output-format", "json"], 0));
}

#[test]
fn sources_of_flux_tell_what_is_followed_and_whether_it_works() {
    let one = Clustered::new();
    let (first, second) = (one.hash("manifests-1"), one.hash("manifests-2"));
    let refused = "failed to checkout and determine revision: authentication required";
    one.git_repository("refused", &|object| {
        object["status"]["conditions"] = json!([ready("False", refused)]);
    });
    one.git_repository("paused", &|object| object["spec"]["suspend"] = json!(true));
    one.git_repository("pinned", &|object| {
        object["spec"]["ref"] = json!({"commit": first, "branch": "main"});
    });
    one.git_repository("by-name", &|object| object["spec"]["ref"] = json!({"name": "refs/heads/main"}));
    one.git_repository("by-tag", &|object| object["spec"]["ref"] = json!({"tag": "v1", "branch": "main"}));
    one.git_repository("default", &|object| object["spec"]["ref"] = Value::Null);
    one.git_repository("elsewhere", &|object| object["metadata"]["namespace"] = json!("sources"));
    for (name, applied) in [
        ("refused", &first),
        ("paused", &second),
        ("pinned", &first),
        ("by-name", &second),
        ("by-tag", &second),
        ("default", &second),
    ] {
        one.kustomization(name, "./prod", applied, &|object| {
            object["spec"]["sourceRef"]["name"] = json!(name);
        });
    }
    one.kustomization("elsewhere", "./prod", &second, &|object| {
        object["spec"]["sourceRef"] =
            json!({"kind": "GitRepository", "name": "elsewhere", "namespace": "sources"});
    });
    // An artifact of the repository, as `flux push artifact` makes it.
    one.cluster.put(
        OCI_REPOSITORIES,
        json!({
            "kind": "OCIRepository",
            "metadata": {"name": "artifact", "namespace": "flux-system", "generation": 1},
            "spec": {"url": "oci://registry.example.com/shop/manifests", "ref": {"tag": "latest"}},
            "status": {
                "observedGeneration": 1, "conditions": [ready("True", "stored artifact")],
                "artifact": {
                    "revision": "latest@sha256:0123",
                    "metadata": {
                        "org.opencontainers.image.source": one.published.site.url(),
                        "org.opencontainers.image.revision": format!("main@sha1:{second}"),
                    },
                },
            },
        }),
    );
    one.kustomization("artifact", "./prod", "", &|object| {
        object["spec"]["sourceRef"] = json!({"kind": "OCIRepository", "name": "artifact"});
        object["status"]["lastAppliedRevision"] = json!("latest@sha256:0123");
        object["status"]["lastAppliedOriginRevision"] = json!(format!("main@sha1:{second}"));
    });
    insta::assert_snapshot!(one.applied(&[], 0));
}

#[test]
fn applications_are_told_by_the_source_commit_that_they_synced() {
    let one = Clustered::new();
    let (first, second) = (one.hash("manifests-1"), one.hash("manifests-2"));
    let out_of_sync = |object: &mut Value| {
        object["status"]["sync"] = json!({"status": "OutOfSync", "revision": second});
    };
    one.application("ready", &second, &as_it_is);
    one.application("behind", &first, &as_it_is);
    one.application("out-of-sync", &first, &out_of_sync);
    one.application("never-synced", "", &|object| {
        out_of_sync(object);
        object["status"]["health"] = json!({"status": "Missing"});
        object["status"]["history"] = json!([]);
        object["status"]["operationState"] = Value::Null;
    });
    one.application("sync-failed", &first, &|object| {
        out_of_sync(object);
        let message = "one or more objects failed to apply, reason: admission webhook denied the request";
        object["status"]["operationState"] = json!({"phase": "Failed", "message": message});
    });
    one.application("syncing", &first, &|object| {
        out_of_sync(object);
        object["status"]["operationState"] = json!({"phase": "Running", "message": "waiting for hook"});
    });
    one.application("degraded", &second, &|object| {
        object["status"]["health"] = json!({"status": "Degraded"});
        object["status"]["resources"] = json!([
            {"kind": "Service", "namespace": "shop", "name": "web", "health": {"status": "Healthy"}},
            {"kind": "Deployment", "namespace": "shop", "name": "web",
             "health": {"status": "Degraded", "message": "exceeded its progress deadline"}},
        ]);
    });
    one.application("progressing", &second, &|object| {
        object["status"]["health"] = json!({"status": "Progressing"});
    });
    one.application("comparison-error", &first, &|object| {
        object["status"]["sync"] = json!({"status": "Unknown"});
        object["status"]["conditions"] = json!([
            {"type": "SharedResourceWarning", "message": "ConfigMap/one is part of two applications"},
            {"type": "ComparisonError", "message": "Failed to load target state: repository not found"},
        ]);
    });
    one.application("several", "", &|object| {
        let url = one.published.site.url();
        object["spec"]["source"] = Value::Null;
        object["spec"]["sources"] = json!([
            {"repoURL": "https://charts.example.com", "chart": "redis", "targetRevision": "1.0.0"},
            {"repoURL": url, "ref": "values"},
            {"repoURL": url, "path": "prod/web", "targetRevision": "refs/heads/main"},
        ]);
        object["status"]["sync"] = json!({"status": "Synced", "revisions": ["1.0.0", second, second]});
    });
    one.application("head", &second, &|object| object["spec"]["source"]["targetRevision"] = json!("HEAD"));
    one.application("pinned", &first, &|object| object["spec"]["source"]["targetRevision"] = json!(first));
    // None of these is this environment.
    for (field, value) in [("path", "qa"), ("targetRevision", "next"), ("repoURL", "https://h/x.git")] {
        one.application(field, &second, &|object| object["spec"]["source"][field] = json!(value));
    }
    insta::assert_snapshot!(one.applied(&[], 0));
}

#[test]
fn a_commit_of_something_else_is_what_was_in_force_there() {
    let mut one = Clustered::new();
    let site = &one.published.site;
    let third = site.set("qa", "v3");
    site.ok(&["publish"]);
    let qa = site.tip("main").to_string();
    site.others_commit("main", &[("README.md", "x")]);
    let readme = site.tip("main").to_string();
    let names = [(third, "source-3"), (qa.clone(), "manifests-3"), (readme.clone(), "manifests-4")];
    one.published.names.extend(names);
    one.git_repository("shop", &as_it_is);
    one.kustomization("of-qa", "./prod", &qa, &as_it_is);
    one.kustomization("by-hand", "./prod", &readme, &as_it_is);
    insta::assert_snapshot!(one.status(&["--exit-code"], 0));
}

#[test]
fn a_pipeline_asks_by_the_exit_code() {
    let one = Clustered::new();
    let (first, second) = (one.hash("manifests-1"), one.hash("manifests-2"));
    let check = |code| drop(one.status(&["--exit-code", "-q"], code));
    // Nobody applies it.
    check(1);
    one.git_repository("shop", &as_it_is);
    one.kustomization("ready", "./prod", &second, &as_it_is);
    check(0);
    one.kustomization("behind", "./prod", &first, &as_it_is);
    check(1);
    // Without a cluster, it has to be published alone.
    one.published.status(&["prod", "--exit-code"], 0);
    one.published.status(&["dev", "--exit-code"], 1);
    // One that is held is where somebody wants it.
    one.published.site.ok(&["rollback", "prod"]);
    one.published.status(&["prod", "--exit-code"], 0);
}

#[test]
fn a_cluster_without_flux_or_argo_cd_has_none_of_it() {
    let one = Clustered::new();
    insta::assert_snapshot!(one.applied(&[], 0));
    let lists = [KUSTOMIZATIONS, APPLICATIONS].map(|list| format!("/apis/{list}?limit=200"));
    assert_eq!(one.cluster.server.paths(), [&lists[..], &["/version".to_owned()]].concat());
}

#[test]
fn err_what_the_user_may_not_see() {
    let one = Clustered::new();
    one.application("ready", &one.hash("manifests-2"), &as_it_is);
    one.cluster.deny(KUSTOMIZATIONS);
    insta::assert_snapshot!(one.applied(&[], 2));
    one.write("kubeconfig", &one.kubeconfig("token: wrong-s3cret"));
    let text = one.applied(&["-v"], 2);
    assert!(!text.contains("s3cret"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn err_a_cluster_that_cannot_be_reached_beside_one_that_can() {
    let one = Clustered::new();
    one.application("ready", &one.hash("manifests-2"), &as_it_is);
    let text = one.kubeconfig(&format!("token: {TOKEN}"));
    let more = "- {name: west, context: {cluster: two, user: ada}}\nclusters:\n- {name: two, cluster: {server: 'https://127.0.0.1:1'}}\n";
    one.write("kubeconfig", &text.replace("clusters:\n", more));
    insta::assert_snapshot!(one.status(&["--context", "west", "--context", "east"], 2));
    insta::assert_snapshot!(one.status(&["--context", "west", "--output-format", "json"], 2));
}

#[test]
fn err_an_answer_that_is_none_of_a_cluster() {
    let one = Clustered::new();
    for (body, want) in [
        (Reply::ok("<html>"), "east: the answer is none of a Kubernetes API server"),
        (Reply::ok("{}"), "east: the answer is none of a Kubernetes API server"),
        (Reply::status(404), "east: the answer is none of a Kubernetes API server"),
        (
            Reply::status(418).body("{\"message\":\"\\u001b[2Jtea\"}"),
            "east: the cluster answered 418: [2Jtea",
        ),
        // One that never ends is given up.
        (
            Reply::ok("{\"items\":[],\"metadata\":{\"continue\":\"x\"}}"),
            "east: there are too many kustomizations",
        ),
    ] {
        let server = Server::start(move |_, _| body.clone());
        one.write("kubeconfig", &kubeconfig(&format!("server: '{}'", server.url("")), "token: s3cret"));
        let text = one.status(&[], 2);
        assert!(text.contains(want), "{text}");
        // Nobody is told a secret without encryption.
        assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
    }
}

/// What reaches the cluster, as a cluster and a user of a kubeconfig say it.
#[track_caller]
fn check_access(one: &Clustered, cluster: &str, user: &str) {
    let server = one.cluster.server.url("");
    one.write("kubeconfig", &kubeconfig(&cluster.replace("SERVER", &server), user));
    one.cluster.knows(APPLICATIONS);
    let text = one.applied(&[], 0);
    assert!(text.contains("not applied"), "{text}");
}

#[test]
fn a_cluster_is_reached_as_the_kubeconfig_says() {
    let one = Clustered::new();
    let Pki { ca, client, .. } = Pki::get();
    for (file, text) in [("pki/ca.pem", ca), ("pki/ada.pem", &client.0), ("pki/ada.key", &client.1)] {
        one.write(file, text);
    }
    one.write("pki/token", &format!("{TOKEN}\n"));
    let ca = format!("server: 'SERVER', certificate-authority-data: {}", encoded(ca));
    let token = format!("token: {TOKEN}");
    let (chain, key) = (encoded(&client.0), encoded(&client.1));
    check_access(&one, &ca, &format!("client-certificate-data: {chain}, client-key-data: {key}"));
    check_access(&one, &ca, "client-certificate: pki/ada.pem, client-key: pki/ada.key");
    check_access(
        &one,
        &ca,
        &format!("client-certificate: no, client-certificate-data: {chain}, client-key: pki/ada.key"),
    );
    check_access(&one, &ca, "tokenFile: pki/token");
    check_access(&one, &ca, &format!("tokenFile: pki/none, {token}"));
    check_access(&one, "server: 'SERVER', certificate-authority: pki/ca.pem", &token);
    check_access(&one, "server: 'SERVER', insecure-skip-tls-verify: true", &token);
    check_access(&one, &format!("{ca}, tls-server-name: kubernetes.test"), &token);
    // Without a protocol, as client-go takes it.
    check_access(&one, &ca.replace("'SERVER'", one.cluster.server.address()), &token);
    // Through a proxy, which is none.
    let proxied =
        format!("{}, proxy-url: 'http://127.0.0.1:1'", ca.replace("SERVER", &one.cluster.server.url("")));
    one.write("kubeconfig", &kubeconfig(&proxied, &token));
    assert!(one.status(&[], 2).contains("east: https://HOST:PORT/apis/"));
}

#[test]
fn err_a_server_that_is_not_to_be_trusted() {
    let one = Clustered::new();
    let server = one.cluster.server.url("");
    let [ours, others] = [&Pki::get().ca, &Pki::get().other_ca].map(|ca| encoded(ca));
    let mut said = String::new();
    for cluster in [
        format!("server: '{server}', certificate-authority-data: {others}"),
        format!("server: '{server}', certificate-authority-data: {ours}, tls-server-name: other.test"),
    ] {
        one.write("kubeconfig", &kubeconfig(&cluster, &format!("token: {TOKEN}")));
        said += &one.status(&[], 2).split_once("--- stderr ---\n").unwrap().1.replace(&port(&server), "PORT");
    }
    insta::assert_snapshot!(said);
}

fn port(url: &str) -> String {
    url.rsplit(':').next().unwrap().to_owned()
}

#[test]
fn several_kubeconfigs_are_one() {
    let one = Clustered::new();
    one.application("ready", &one.hash("manifests-2"), &as_it_is);
    // The first file with a name counts for it, and paths are relative to their file.
    one.write("a/config", "contexts:\n- {name: mine, context: {cluster: one, user: bo}}\nusers:\n- {name: bo, user: {tokenFile: token}}\n");
    one.write("a/token", TOKEN);
    one.write("b/config", &one.kubeconfig("token: wrong").replace("name: ada", "name: bo"));
    let list = format!("{}:{}:", one.path("a/config").display(), one.path("none").display());
    let list = format!("{list}:{}", one.path("b/config").display());
    let args = ["status", "prod", "--context", "mine"];
    let run = one.published.site.site.fab_with(&args, &[("KUBECONFIG", &list)]).exited(0, &args);
    assert!(run.stdout.contains("mine     Application argocd/ready"), "{}", run.stdout);
    // Without the variable it is that of the home.
    let home = one.published.site.site.all().join("home/.kube");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("config"), one.kubeconfig(&format!("token: {TOKEN}"))).unwrap();
    let run = one.published.site.ok(&["status", "prod", "--context", "east"]);
    assert!(run.stdout.contains("east     Application argocd/ready"), "{}", run.stdout);
}

/// A program that logs in, as a script.
#[cfg(unix)]
fn program(one: &Clustered, file: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    one.write(file, &format!("#!/bin/sh\n{script}"));
    fs::set_permissions(one.path(file), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A user whom a program logs in.
#[cfg(unix)]
fn logged_in_by(command: &str, more: &str) -> String {
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: {command}{more}}}"
    )
}

#[cfg(unix)]
#[test]
fn a_program_logs_in() {
    let one = Clustered::new();
    let ca = encoded(&Pki::get().ca);
    let cluster = format!("server: 'SERVER', certificate-authority-data: {ca}");
    let answer = r#"'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}'"#;
    // The path is relative to the kubeconfig; arguments and variables are given as they are, without a shell.
    program(
        &one,
        "bin/login",
        &format!("cat >seen; echo \"$1|$KUBERNETES_EXEC_INFO\" >>seen; printf {answer} \"$WHO\""),
    );
    let user =
        logged_in_by("./bin/login", &format!(", args: ['$(id) x'], env: [{{name: WHO, value: {TOKEN}}}]"));
    check_access(&one, &cluster, &user);
    let info = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#;
    assert_eq!(fs::read_to_string(one.path("seen")).unwrap(), format!("$(id) x|{info}\n"));
    // It is told of the cluster if it wants to be.
    let told = format!(
        "{cluster}, extensions: [{{name: client.authentication.k8s.io/exec, extension: {{audience: x}}}}]"
    );
    check_access(&one, &told, &user.replace("args:", "provideClusterInfo: true, args:"));
    let seen = fs::read_to_string(one.path("seen")).unwrap();
    let seen: Value = serde_json::from_str(seen.split_once('|').unwrap().1).unwrap();
    let server = one.cluster.server.url("");
    let want = json!({"server": server, "certificate-authority-data": ca, "config": {"audience": "x"}});
    assert_eq!(seen["spec"]["cluster"], want);
    // A certificate in YAML.
    let indented = |pem: &str| pem.trim_end().replace('\n', "\n    ");
    let (chain, key) = (indented(&Pki::get().client.0), indented(&Pki::get().client.1));
    let yaml = format!(
        "kind: ExecCredential\napiVersion: client.authentication.k8s.io/v1beta1\nstatus:\n  clientCertificateData: |\n    {chain}\n  clientKeyData: |\n    {key}\n"
    );
    program(&one, "bin/login", &format!("cat <<'X'\n{yaml}X\n"));
    check_access(&one, &cluster, &user.replace("/v1,", "/v1beta1,"));
    // What is written down wins.
    check_access(&one, &cluster, &format!("token: {TOKEN}, {}", logged_in_by("./none", "")));
}

#[cfg(unix)]
#[test]
fn err_a_program_that_does_not_log_in() {
    let one = Clustered::new();
    let cluster = format!("server: '{}'", one.cluster.server.url(""));
    let answer = |version: &str, status: &str| {
        format!(
            "echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"status\":{{{status}}}}}'"
        )
    };
    program(&one, "bin/fails", "echo s3cret; exit 3");
    program(&one, "bin/babbles", "echo s3cret");
    program(&one, "bin/other-version", &answer("v1beta1", "\"token\":\"s3cret\""));
    program(&one, "bin/empty", &answer("v1", ""));
    program(&one, "bin/half", &answer("v1", "\"clientKeyData\":\"s3cret\""));
    let mut said = String::new();
    for user in [
        logged_in_by("./bin/fails", ""),
        logged_in_by("./bin/babbles", ""),
        logged_in_by("./bin/other-version", ""),
        logged_in_by("./bin/empty", ""),
        logged_in_by("./bin/half", ""),
        logged_in_by("no-such-program", ", installHint: \"Get it:\\n\\e[1mapt install it\""),
        logged_in_by("./bin/fails", "").replace("IfAvailable", "Always"),
        logged_in_by("./bin/fails", "").replace("/v1,", "/v1alpha1,"),
        logged_in_by("''", ""),
    ] {
        one.write("kubeconfig", &kubeconfig(&cluster, &user));
        said += one.status(&["-v"], 2).split_once("--- stderr ---\n").unwrap().1;
    }
    assert!(!said.contains("s3cret"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn err_kubeconfigs_that_cannot_be_used() {
    let one = Clustered::new();
    let mut said = String::new();
    let server = "server: 'https://h'";
    let broken_key = encoded("-----BEGIN PRIVATE KEY-----\ns3cret*\n-----END PRIVATE KEY-----\n");
    for text in [
        "a: [".to_owned(),
        kubeconfig(server, "password: *s3cret"),
        String::new(),
        kubeconfig(server, "token: x").replace("current-context: east", "current-context: west"),
        kubeconfig(server, "token: x").replace("cluster: one, user", "cluster: two, user"),
        kubeconfig(server, "token: x").replace("user: ada}", "user: bo}"),
        kubeconfig("proxy-url: x", "token: x"),
        kubeconfig("server: 'ftp://h'", "token: x"),
        kubeconfig("server: 'https://h', proxy-url: 'gopher://x'", "token: x"),
        kubeconfig("server: 'https://h', proxy-url: 'http://x', tls-server-name: h2", "token: x"),
        kubeconfig("server: 'https://h', tls-server-name: 'a b'", "token: x"),
        kubeconfig("server: 'https://h', certificate-authority-data: s3cret!", "token: x"),
        kubeconfig("server: 'https://h', certificate-authority-data: czNjcmV0", "token: x"),
        kubeconfig("server: 'https://h', certificate-authority: no.pem", "token: x"),
        kubeconfig("server: 'https://h', insecure-skip-tls-verify: s3cret", "token: x"),
        kubeconfig(server, "token: 1234567"),
        kubeconfig(server, "tokenFile: none"),
        kubeconfig(server, "client-certificate: a.pem"),
        kubeconfig(
            server,
            &format!("client-certificate-data: {}, client-key-data: {broken_key}", encoded(&Pki::get().ca)),
        ),
        kubeconfig(server, "as: bo, token: x"),
        kubeconfig(server, "auth-provider: {name: gcp}"),
    ] {
        one.write("kubeconfig", &text);
        said += one.status(&["-v"], 2).split_once("--- stderr ---\n").unwrap().1;
    }
    fs::remove_file(one.path("kubeconfig")).unwrap();
    said += one.status(&[], 2).split_once("--- stderr ---\n").unwrap().1;
    said += one.published.status(&["prod", "--context", "east"], 2).split_once("--- stderr ---\n").unwrap().1;
    assert!(!said.contains("s3cret") && !said.contains("1234567"), "{said}");
    insta::assert_snapshot!(said);
}
