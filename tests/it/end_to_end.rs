//! From a change to clusters and back, as teams do it: git servers with passwords and keys, a host with pull requests, and the
//! pipelines of `fab init`, run as their systems run them. Everybody has a machine of their own.
//!
//! All secrets are random, and at the end nothing that was written, said, sent or seen in the list of processes has one.

mod secrets;
mod systems;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use git2::Repository;

use crate::git_servers::{Door, Server, serve, sshd};
use crate::hld::Run;
use crate::hosts::Fake;
use crate::manifest_site::without_books;
use crate::real_servers::{installed, run};
use crate::remote_charts::sha256;
use crate::site::Site;

use secrets::{Secrets, random};
use systems::{Event, PipelineRun, System, work};

/// By what the pipeline and operators reach the manifest repository.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Https,
    Ssh,
}

/// Passwords of the servers.
struct Passwords {
    developer: String,
    checkout: String,
    charts: String,
    manifests: String,
    cluster: String,
    comments: String,
}

/// A team with its servers.
struct Team {
    system: System,
    transport: Transport,
    /// The folder of the definition in its repository; empty for the top.
    below: &'static str,
    site: Site,
    server: Server,
    ssh: Option<(Server, String)>,
    host: Fake,
    passwords: Passwords,
    secrets: Secrets,
    /// All that was printed, and all command lines that there were.
    seen: RefCell<(Vec<String>, BTreeSet<Vec<u8>>)>,
    machines: RefCell<usize>,
}

const CHART: [(&str, &str); 3] = [
    ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
    ("web/values.yaml", "greeting: hello\n"),
    (
        "web/templates/web.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  greeting: {{ .Values.greeting | quote }}\n",
    ),
];

impl Team {
    /// Starts the servers; none if a program is missing.
    fn new(system: System, transport: Transport, below: &'static str) -> Option<Self> {
        for program in ["git", "curl"] {
            installed(program)?;
        }
        let passwords = Passwords {
            developer: random(),
            checkout: random(),
            charts: random(),
            manifests: random(),
            cluster: random(),
            comments: random(),
        };
        let site = Site::new(&[]);
        for name in ["hld", "manifests"] {
            let mut options = git2::RepositoryInitOptions::new();
            options.bare(true).initial_head("main");
            let repository = Repository::init_opts(site.all().join("remotes").join(name), &options).unwrap();
            repository.config().unwrap().set_bool("http.receivepack", true).unwrap();
        }
        site.repository("charts").commit(&CHART);
        let Passwords { developer, checkout, charts, manifests, cluster, comments } = &passwords;
        let doors = [
            Door {
                repository: "hld",
                logins: &[
                    ("ada", developer),
                    ("ci", checkout),
                    ("gitlab-ci-token", checkout),
                    ("reader", charts),
                ],
            },
            Door { repository: "charts", logins: &[("reader", charts)] },
            Door {
                repository: "manifests",
                logins: &[("oauth2", manifests), ("fab", manifests), ("cluster", cluster)],
            },
        ];
        let fab = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_fab"));
        let server = serve(&site.all().join("remotes"), &doors, &[("fab", fab.as_bytes())])?;
        let ssh = if transport == Transport::Ssh { Some(sshd()?) } else { None };
        let mut secrets = Secrets::default();
        let all = [
            ("developer", developer),
            ("checkout", checkout),
            ("charts", charts),
            ("manifests", manifests),
            ("cluster", cluster),
            ("comments", comments),
        ];
        all.iter().for_each(|(name, secret)| secrets.add(name, secret));
        if let Some((server, _)) = &ssh {
            secrets.add_key("key", &fs::read_to_string(server.folder().join("id")).unwrap());
        }
        let host = Fake::with_token(system.host(), comments);
        let (seen, machines) = Default::default();
        Some(Self { system, transport, below, site, server, ssh, host, passwords, secrets, seen, machines })
    }

    fn url(&self, repository: &str) -> String {
        format!("https://localhost:{}/git/{repository}", self.server.port)
    }

    /// The address of the manifest repository, as `fab.yaml` has it.
    fn manifests(&self) -> String {
        let Some((server, _)) = &self.ssh else { return self.url("manifests") };
        let user = String::from_utf8(run("id", &["-un"])).unwrap();
        let folder = self.site.all().join("remotes/manifests");
        format!("ssh://{}@127.0.0.1:{}{}", user.trim(), server.port, folder.display())
    }

    /// Makes a machine: a folder with a home, a cache and room for temporary files.
    fn machine(&self, name: &str) -> PathBuf {
        *self.machines.borrow_mut() += 1;
        let machine = self.site.all().join(format!("{}-{name}", self.machines.borrow()));
        for folder in ["home/.ssh", "tmp", "work"] {
            fs::create_dir_all(machine.join(folder)).unwrap();
        }
        // Asks nobody for the password of git, which the variable has.
        let asked = machine.join("askpass");
        fs::write(
            &asked,
            "#!/bin/sh\ncase $1 in Username*) echo $GIT_USER ;; *) echo $GIT_PASSWORD ;; esac\n",
        )
        .unwrap();
        fs::set_permissions(asked, fs::Permissions::from_mode(0o755)).unwrap();
        if let Some((_, known)) = &self.ssh {
            fs::write(machine.join("home/.ssh/known_hosts"), known).unwrap();
        }
        machine
    }

    /// Runs a program on a machine, with nothing of the environment of this test.
    fn run(&self, (machine, folder): (&Path, &Path), line: &[&str], variables: &[(String, String)]) -> Run {
        let (program, args) = line.split_first().unwrap();
        let (stdout, stderr) = (machine.join("stdout"), machine.join("stderr"));
        let mut child = Command::new(program)
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", machine.join("home"))
            .env("TMPDIR", machine.join("tmp"))
            .env("SSL_CERT_FILE", self.server.folder().join("cert.pem"))
            .env("GIT_SSL_CAINFO", self.server.folder().join("cert.pem"))
            .env("GIT_ASKPASS", machine.join("askpass"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["GIT_AUTHOR", "GIT_COMMITTER"].map(|who| (format!("{who}_NAME"), "Ada Park")))
            .envs(["GIT_AUTHOR", "GIT_COMMITTER"].map(|who| (format!("{who}_EMAIL"), "ada@example.com")))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null())
            .stdout(fs::File::create(&stdout).unwrap())
            .stderr(fs::File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let mut seen = self.seen.borrow_mut();
        let status = loop {
            seen.1.extend(command_lines());
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            thread::sleep(Duration::from_millis(10));
        };
        let text = |file| fs::read_to_string(file).unwrap();
        let run = Run { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) };
        seen.0.extend([run.stdout.clone(), run.stderr.clone()]);
        run
    }

    /// Runs git for somebody; returns what it printed.
    #[track_caller]
    fn git(
        &self,
        (machine, folder): (&Path, &Path),
        (user, password): (&str, &str),
        args: &[&str],
    ) -> String {
        let variables = [("GIT_USER", user), ("GIT_PASSWORD", password)];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let run = self.run((machine, folder), &[&["git"], args].concat(), &variables).exited(0, args);
        run.stdout.trim().to_owned()
    }

    /// The variable with the password for charts, without which nothing can be installed.
    fn for_charts(&self) -> (String, String) {
        (format!("FAB_TOKEN_LOCALHOST_{}", self.server.port), format!("reader:{}", self.passwords.charts))
    }

    /// What pipelines are given, by name.
    fn stored(&self, name: &str) -> String {
        let is_ssh = self.transport == Transport::Ssh;
        match name {
            "github.token" | "FAB_HOST_TOKEN" => self.passwords.comments.clone(),
            // The token of a job of Azure DevOps is for both.
            "System.AccessToken" => self.passwords.comments.clone(),
            "FAB_GIT_TOKEN" if !is_ssh => self.passwords.manifests.clone(),
            "FAB_GIT_USERNAME" => "fab".to_owned(),
            "FAB_GIT_SSH_KEY" if is_ssh => {
                fs::read_to_string(self.ssh.as_ref().unwrap().0.folder().join("id")).unwrap()
            }
            _ => String::new(),
        }
    }
}

/// The command lines of all processes that can be seen.
fn command_lines() -> Vec<Vec<u8>> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    // Some end meanwhile.
    processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok()).collect()
}

const FAB: &str = env!("CARGO_BIN_EXE_fab");

/// A clone of the definition on somebody's machine.
struct Clone<'a> {
    team: &'a Team,
    machine: PathBuf,
    folder: PathBuf,
}

impl Clone<'_> {
    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let ada = ("ada", self.team.passwords.developer.as_str());
        self.team.git((&self.machine, &self.folder), ada, args)
    }

    /// Runs `fab` as who may install, and may write manifests.
    #[track_caller]
    fn fab(&self, args: &[&str]) -> Run {
        let mut variables = vec![self.team.for_charts()];
        variables.push(match &self.team.ssh {
            None => ("FAB_GIT_TOKEN".to_owned(), self.team.passwords.manifests.clone()),
            Some((server, _)) => {
                ("FAB_GIT_SSH_KEY".to_owned(), server.folder().join("id").display().to_string())
            }
        });
        let definition = self.folder.join(self.team.below);
        self.team.run((&self.machine, &definition), &[&[FAB], args].concat(), &variables).exited(0, args)
    }

    /// Sets what `web` says in `prod`, and commits that.
    fn greet(&self, greeting: &str) {
        self.fab(&["set", "--environment", "prod", "--subcomponent", "web", &format!("greeting={greeting}")]);
        self.git(&["commit", "-qam", &format!("Say {greeting}")]);
    }
}

impl Team {
    /// Begins the definition, with the pipeline and a chart from a server with a password.
    fn begin(&self) -> Clone<'_> {
        let machine = self.machine("laptop");
        let laptop = Clone { team: self, folder: machine.join("work"), machine };
        let manifests = self.manifests();
        laptop.git(&["init", "-q", "-b", "main"]);
        fs::create_dir_all(laptop.folder.join(self.below)).unwrap();
        laptop.fab(&[
            "init",
            ".",
            "--name",
            "shop",
            "--env",
            "dev,prod",
            "--ci",
            self.system.name(),
            "--manifests",
            &manifests,
        ]);
        laptop.fab(&[
            "add",
            "web",
            "--source",
            &self.url("charts"),
            "--branch",
            "main",
            "--path",
            "web",
            "--type",
            "helm",
        ]);
        laptop.fab(&["install"]);
        let file = laptop.folder.join(self.system.file(!self.below.is_empty()));
        let binary = self.server.folder().join("files/fab");
        let url = format!("https://localhost:{}/files/fab", self.server.port);
        let sum = sha256(&fs::read(binary).unwrap());
        fs::write(&file, self.system.with_binary(&fs::read_to_string(&file).unwrap(), &url, &sum)).unwrap();
        laptop.git(&["add", "-A"]);
        laptop.git(&["commit", "-qm", "Begin"]);
        laptop.git(&["remote", "add", "origin", &self.url("hld")]);
        laptop.git(&["push", "-q", "origin", "main"]);
        laptop
    }

    /// Clones the definition on a new machine.
    fn clone_definition(&self, name: &str) -> Clone<'_> {
        let machine = self.machine(name);
        let clone = Clone { team: self, folder: machine.join("work"), machine };
        clone.git(&["clone", "-q", &self.url("hld"), "."]);
        clone
    }

    /// Runs the pipeline on a new machine as the system does, up to the first step that fails.
    fn pipeline(&self, event: Event) -> (PathBuf, Run) {
        let machine = self.machine(&format!("{event:?}"));
        let work = work(&machine);
        let reference = match (event, self.system) {
            (Event::Merge, _) => "refs/heads/main",
            (Event::Review, System::GitHub | System::AzureDevOps) => "refs/pull/12/merge",
            (Event::Review, System::GitLab | System::Jenkins) => "refs/heads/change",
        };
        let definition = Repository::open(self.site.all().join("remotes/hld")).unwrap();
        let commit = definition.refname_to_id(reference).unwrap().to_string();
        let run = PipelineRun {
            event,
            machine: &machine,
            commit: &commit,
            definition: &self.url("hld"),
            token: &self.passwords.checkout,
            host: &self.host.server.url(""),
            stored: &|name| self.stored(name),
        };
        for args in self.system.checkout(&run) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            self.git((&machine, &work), ("ci", &self.passwords.checkout), &args);
        }
        let mut whole = Run { code: 0, stdout: String::new(), stderr: String::new() };
        let file = work.join(self.system.file(!self.below.is_empty()));
        for step in self.system.steps(&file, &run) {
            let all = [self.system.variables(&run), vec![self.for_charts()], step.variables].concat();
            let Run { code, stdout, stderr } =
                self.run((&machine, &work), &["bash", "-ec", &step.script], &all);
            whole = Run { code, stdout: whole.stdout + &stdout, stderr: whole.stderr + &stderr };
            if code != 0 {
                break;
            }
        }
        (work, whole)
    }

    #[track_caller]
    fn publishes(&self) -> Run {
        self.pipeline(Event::Merge).1.exited(0, &["ci", "publish"])
    }

    /// Makes the references that a host makes of a pull request.
    fn open_pull_request(&self) {
        let definition = Repository::open(self.site.all().join("remotes/hld")).unwrap();
        let commit = |name: &str| {
            let id = definition.refname_to_id(&format!("refs/heads/{name}")).unwrap();
            definition.find_commit(id).unwrap()
        };
        let (main, change) = (commit("main"), commit("change"));
        let mut index = definition.merge_commits(&main, &change, None).unwrap();
        let tree = definition.find_tree(index.write_tree_to(&definition).unwrap()).unwrap();
        let who = main.author();
        let merged = definition.commit(None, &who, &who, "Merge", &tree, &[&main, &change]).unwrap();
        definition.reference("refs/pull/12/head", change.id(), true, "").unwrap();
        definition.reference("refs/pull/12/merge", merged, true, "").unwrap();
    }

    /// What a cluster sees: the manifests in a new clone on a machine of its own.
    fn in_cluster(&self) -> BTreeMap<String, String> {
        let machine = self.machine("cluster");
        let user = ("cluster", self.passwords.cluster.as_str());
        self.git((&machine, &work(&machine)), user, &["clone", "-q", &self.url("manifests"), "."]);
        without_books(texts(&work(&machine)))
    }

    /// What the main branch of the definition renders to on a new machine.
    fn rendered(&self) -> BTreeMap<String, String> {
        let clone = self.clone_definition("second");
        clone.fab(&["install", "--locked"]);
        clone.fab(&["generate", "--each", "-q"]);
        texts(&clone.folder.join(self.below).join("generated"))
    }

    /// Looks for secrets in all that is left of the run.
    fn check_no_secret(&self) {
        let found = self.secrets.in_folder(self.site.all());
        // The runner of GitLab leaves its token in the clone that it makes, from which git has it; that is all.
        let is_gitlab = self.system == System::GitLab;
        let is_runners = |place: &String| {
            is_gitlab && place.starts_with("checkout in the text") && place.ends_with("/work/.git/config")
        };
        let found: Vec<String> = found.into_iter().filter(|place| !is_runners(place)).collect();
        assert_eq!(found, [""; 0]);
        let (printed, lines) = &*self.seen.borrow();
        for text in printed {
            assert_eq!(self.secrets.in_text(text.as_bytes()), [""; 0], "{text}");
        }
        for line in lines.iter().map(|line| String::from_utf8_lossy(line).replace('\0', " ")) {
            let is_runners = is_gitlab && ["git remote", "git-remote"].iter().any(|git| line.contains(git));
            assert!(is_runners || self.secrets.in_text(line.as_bytes()).is_empty(), "{line}");
        }
        let sees = |line: &Vec<u8>| line.starts_with(FAB.as_bytes());
        assert!(lines.iter().any(sees), "the list of processes was not seen");
        for request in self.host.server.requests() {
            assert_eq!(self.secrets.in_text(format!("{}{}", request.path, request.body).as_bytes()), [""; 0]);
        }
    }
}

/// The texts of the files of a folder, but for those of git.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let files = crate::files(folder, "").into_iter().filter_map(|file| {
        let name = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (!name.starts_with(".git/")).then(|| (name, fs::read_to_string(file).unwrap()))
    });
    files.collect()
}

fn of_prod(files: &BTreeMap<String, String>) -> Vec<(&String, &String)> {
    files.iter().filter(|(name, _)| name.starts_with("prod/")).collect()
}

/// The life of a change, in a pipeline that `fab init` wrote.
fn from_change_to_cluster_and_back(system: System, transport: Transport) {
    let Some(team) = Team::new(system, transport, "") else { return };
    let laptop = team.begin();
    team.publishes().says(&["Published dev to main", "Published prod to main"]);
    let first = team.in_cluster();
    assert_eq!(first, team.rendered());
    assert!(first["prod/web.yaml"].contains("hello"));

    laptop.git(&["checkout", "-qb", "change"]);
    laptop.greet("hi");
    laptop.git(&["push", "-q", "origin", "change"]);
    team.open_pull_request();
    let (work, review) = team.pipeline(Event::Review);
    review.exited(0, &["ci", "pr"]).says(&["Commented on "]);
    let comment = &team.host.texts()[0];
    assert!(comment.contains("- hello") && comment.contains("+ hi") && comment.contains("prod"), "{comment}");
    assert_eq!(
        fs::read_dir(work.join("fab-review")).unwrap().count(),
        ["codequality.json", "diff.json", "fab.sarif", "junit.xml", "review.html", "review.md"].len()
    );
    assert_eq!(team.in_cluster(), first, "a review publishes nothing");

    laptop.git(&["checkout", "-q", "main"]);
    laptop.git(&["merge", "-q", "--no-ff", "-m", "Merge the change", "change"]);
    laptop.git(&["push", "-q", "origin", "main"]);
    team.publishes().says(&["dev is up to date", "Published prod to main"]);
    let second = team.in_cluster();
    assert_eq!(second, team.rendered());
    assert_ne!(of_prod(&second), of_prod(&first));

    let operator = team.clone_definition("operator");
    let history = operator.fab(&["-v", "history", "prod"]).stdout;
    assert!(history.contains("Begin") && history.contains("Merge the change"), "{history}");
    operator.fab(&["-v", "verify", "prod"]);
    operator.fab(&["-v", "rollback", "prod", "--reason", "it greets wrongly"]);
    assert_eq!(team.in_cluster(), first);

    laptop.greet("hey");
    laptop.git(&["push", "-q", "origin", "main"]);
    team.publishes().says(&["prod is held (it greets wrongly) and was not published"]);
    assert_eq!(team.in_cluster(), first);
    operator.git(&["pull", "-q"]);
    operator.fab(&["-v", "resume", "prod"]);
    team.publishes().says(&["Published prod to main"]);
    let last = team.in_cluster();
    assert_eq!(last, team.rendered());
    assert!(last["prod/web.yaml"].contains("hey"));
    operator.fab(&["-v", "verify", "prod"]);
    operator.fab(&["-v", "verify", "dev"]);
    team.check_no_secret();
}

#[test]
fn from_change_to_cluster_and_back_on_github_by_ssh() {
    from_change_to_cluster_and_back(System::GitHub, Transport::Ssh);
}

#[test]
fn from_change_to_cluster_and_back_on_gitlab_by_https() {
    from_change_to_cluster_and_back(System::GitLab, Transport::Https);
}

#[test]
fn from_change_to_cluster_and_back_on_azure_devops_by_https() {
    from_change_to_cluster_and_back(System::AzureDevOps, Transport::Https);
}

#[test]
fn from_change_to_cluster_and_back_on_jenkins_by_https() {
    from_change_to_cluster_and_back(System::Jenkins, Transport::Https);
}

/// A repository with more than a definition, which is in a folder of it.
fn from_change_to_cluster_below_the_top(system: System) {
    let Some(team) = Team::new(system, Transport::Https, "deploy/hld") else { return };
    let laptop = team.begin();
    team.publishes().says(&["Published dev to main", "Published prod to main"]);
    let first = team.in_cluster();
    assert_eq!(first, team.rendered());
    laptop.git(&["checkout", "-qb", "change"]);
    laptop.greet("hi");
    laptop.git(&["push", "-q", "origin", "change"]);
    team.open_pull_request();
    let (work, review) = team.pipeline(Event::Review);
    review.exited(0, &["ci", "pr"]).says(&["Commented on "]);
    assert!(work.join("fab-review/review.md").exists());
    let comment = &team.host.texts()[0];
    assert!(comment.contains("In `deploy/hld`:\n\n### fab: ") && comment.contains("+ hi"), "{comment}");
    laptop.git(&["push", "-q", "origin", "change:main"]);
    team.publishes().says(&["dev is up to date", "Published prod to main"]);
    assert_eq!(team.in_cluster(), team.rendered());
    laptop.fab(&["verify", "prod"]);
    team.check_no_secret();
}

#[test]
fn below_the_top_on_github() {
    from_change_to_cluster_below_the_top(System::GitHub);
}

#[test]
fn below_the_top_on_gitlab() {
    from_change_to_cluster_below_the_top(System::GitLab);
}

#[test]
fn below_the_top_on_azure_devops() {
    from_change_to_cluster_below_the_top(System::AzureDevOps);
}

#[test]
fn below_the_top_on_jenkins() {
    from_change_to_cluster_below_the_top(System::Jenkins);
}

/// A pipeline of Bedrock after its script was replaced by `fab ci`.
#[test]
fn a_pipeline_of_bedrock_publishes_by_one_line() {
    let Some(team) = Team::new(System::AzureDevOps, Transport::Https, "") else { return };
    let laptop = team.begin();
    let manifests = team.url("manifests");
    let given = [
        ("REPO", manifests.as_str()),
        ("ACCESS_TOKEN_SECRET", &team.passwords.manifests),
        ("BRANCH_NAME", "live"),
        ("COMMIT_MESSAGE", "Begin"),
        ("FAB_ENVS", "dev,prod"),
        ("TF_BUILD", "True"),
    ];
    let build = |folder: &Path, more: &[(&str, &str)]| {
        let machine = team.machine("build");
        let folder = if folder == Path::new("") { work(&machine) } else { folder.to_owned() };
        let all = [&given[..], more].concat();
        let mut all: Vec<_> =
            all.iter().map(|(name, value)| (String::from(*name), String::from(*value))).collect();
        all.push(team.for_charts());
        team.run((&machine, &folder), &[FAB, "ci"], &all).exited(0, &["ci"])
    };
    let branch = || {
        Repository::open(team.site.all().join("remotes/manifests"))
            .unwrap()
            .find_branch("live", git2::BranchType::Local)
            .is_ok()
    };
    let checkout = team.clone_definition("agent").folder;
    build(&checkout, &[("VERIFY_ONLY", "1")]).says(&["Wrote fab-review"]);
    assert!(!branch(), "what is only verified is not published");
    build(&checkout, &[]).says(&["Published dev to live", "Published prod to live"]);
    let machine = team.machine("cluster");
    let in_cluster = |machine: &Path| {
        let user = ("cluster", team.passwords.cluster.as_str());
        team.git((machine, &work(machine)), user, &["clone", "-q", "-b", "live", &manifests, "."]);
        without_books(texts(&work(machine)))
    };
    assert_eq!(in_cluster(&machine), team.rendered());
    // Where the definition is not checked out, it is cloned.
    laptop.greet("hi");
    laptop.git(&["push", "-q", "origin", "main"]);
    build(Path::new(""), &[("HLD_PATH", &team.url("hld"))])
        .says(&["dev is up to date", "Published prod to live"]);
    assert_eq!(in_cluster(&team.machine("cluster")), team.rendered());
    team.check_no_secret();
}
