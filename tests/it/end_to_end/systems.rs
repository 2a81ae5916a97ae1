//! The systems that run pipelines, as far as a pipeline of `fab init` needs them: how each checks a commit out, which
//! variables it sets, and which commands of the file it runs in which shell.

use std::fs;
use std::path::{Path, PathBuf};

use fabrikate::host::Host;
use goyaml::Value;

/// A system that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    GitHub,
    GitLab,
    AzureDevOps,
    Jenkins,
}

/// What a pipeline runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Pull request 12, from the branch `change`.
    Review,
    /// A commit of the main branch.
    Merge,
}

/// A run of a pipeline, on a machine of its own.
pub(super) struct PipelineRun<'a> {
    pub(super) event: Event,
    /// The folder of the machine.
    pub(super) machine: &'a Path,
    /// The commit that is checked out.
    pub(super) commit: &'a str,
    /// The address of the definition, and a token that may read it.
    pub(super) definition: &'a str,
    pub(super) token: &'a str,
    /// Where the host answers.
    pub(super) host: &'a str,
    /// What the system keeps for its pipelines, by name: tokens and the like.
    pub(super) stored: &'a dyn Fn(&str) -> String,
}

/// Commands that one shell runs.
pub(super) struct Step {
    pub(super) script: String,
    pub(super) variables: Vec<(String, String)>,
}

type Variables = Vec<(String, String)>;

impl System {
    pub(super) fn name(self) -> &'static str {
        match self {
            System::GitHub => "github",
            System::GitLab => "gitlab",
            System::AzureDevOps => "azure-devops",
            System::Jenkins => "jenkins",
        }
    }

    /// The file of the pipeline of a definition, at the top of its repository or in the folder `deploy/hld`.
    pub(super) fn file(self, is_below: bool) -> &'static str {
        match (self, is_below) {
            (System::GitHub, false) => ".github/workflows/fab.yaml",
            (System::GitHub, true) => ".github/workflows/fab-deploy-hld.yaml",
            (System::GitLab, false) => ".gitlab-ci.yml",
            (System::GitLab, true) => ".gitlab/fab-deploy-hld.yml",
            (System::AzureDevOps, false) => "azure-pipelines.yml",
            (System::AzureDevOps, true) => "azure-pipelines-deploy-hld.yml",
            (System::Jenkins, false) => "Jenkinsfile",
            (System::Jenkins, true) => "Jenkinsfile-deploy-hld",
        }
    }

    /// The host whose code it reviews here.
    pub(super) fn host(self) -> Host {
        match self {
            System::GitHub | System::Jenkins => Host::GitHub,
            System::GitLab => Host::GitLab,
            System::AzureDevOps => Host::AzureDevOps,
        }
    }

    /// Says where the binary is, and its checksum, as a person does in what `fab init` wrote.
    pub(super) fn with_binary(self, text: &str, url: &str, sha256: &str) -> String {
        let (empty, sign) = if self == System::Jenkins { ("''", " =") } else { ("\"\"", ":") };
        let say = |text: &str, name: &str, value: &str| {
            let line = format!("{name}{sign} {empty}");
            assert_eq!(text.matches(&line).count(), 1, "{text}");
            text.replace(
                &line,
                &format!(
                    "{name}{sign} {}",
                    empty.replacen(&empty[..1], &format!("{}{value}", &empty[..1]), 1)
                ),
            )
        };
        say(&say(text, "FAB_URL", url), "FAB_SHA256", sha256)
    }

    /// Returns the commands of git by which the system brings the commit to its work folder, which is empty.
    pub(super) fn checkout(self, run: &PipelineRun<'_>) -> Vec<Vec<String>> {
        let PipelineRun { commit, definition, .. } = *run;
        let is_review = run.event == Event::Review;
        let heads = "+refs/heads/*:refs/remotes/origin/*";
        let with_token = with_token(run);
        let pull = "+refs/pull/12/merge:refs/remotes/pull/12/merge";
        let origin = |url: &str| format!("remote add origin {url}");
        let commands = match (self, is_review) {
            (System::GitHub, true) => vec![
                origin(definition),
                format!("fetch --no-tags --prune origin {heads} {pull}"),
                "checkout --force refs/remotes/pull/12/merge".to_owned(),
            ],
            (System::GitHub, false) => vec![
                origin(definition),
                format!("fetch --no-tags --prune origin {heads}"),
                "checkout --force -B main refs/remotes/origin/main".to_owned(),
            ],
            // The runner leaves its token in the address.
            (System::GitLab, _) => vec![
                origin(&with_token),
                format!("fetch origin {heads}"),
                format!("checkout -f -q --detach {commit}"),
            ],
            (System::AzureDevOps, true) => vec![
                origin(definition),
                format!("fetch --force --tags --prune origin {heads} {pull}"),
                "checkout --force refs/remotes/pull/12/merge".to_owned(),
            ],
            (System::AzureDevOps, false) => vec![
                origin(definition),
                format!("fetch --force --tags --prune origin {heads}"),
                format!("checkout --force {commit}"),
            ],
            (System::Jenkins, true) => vec![
                origin(definition),
                format!(
                    "fetch --tags --force -- {definition} +refs/pull/12/head:refs/remotes/origin/PR-12 +refs/heads/main:refs/remotes/origin/main"
                ),
                "checkout -f refs/remotes/origin/main".to_owned(),
                "merge refs/remotes/origin/PR-12".to_owned(),
            ],
            (System::Jenkins, false) => vec![
                origin(definition),
                format!("fetch --tags --force -- {definition} +refs/heads/main:refs/remotes/origin/main"),
                format!("checkout -f {commit}"),
            ],
        };
        let commands = [vec!["init --quiet".to_owned()], commands].concat();
        commands.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
    }

    /// Returns the variables of a run, as the system documents them.
    pub(super) fn variables(self, run: &PipelineRun<'_>) -> Variables {
        let table = match self {
            System::GitHub => GITHUB,
            System::GitLab => GITLAB,
            System::AzureDevOps => AZURE,
            System::Jenkins => JENKINS,
        };
        let wanted = if run.event == Event::Review { "review" } else { "merge" };
        let at = |name: &str| run.machine.join(name).display().to_string();
        let with_token = with_token(run);
        let filled = |value: &str| {
            value
                .replace("{commit}", run.commit)
                .replace("{token}", run.token)
                .replace("{definition}", run.definition)
                .replace("{with-token}", &with_token)
                .replace("{host}", run.host)
                .replace("{FAB_HOST_TOKEN}", &(run.stored)("FAB_HOST_TOKEN"))
                .replace("{FAB_GIT_TOKEN}", &(run.stored)("FAB_GIT_TOKEN"))
                .replace("{machine}", &at(""))
                .replace("{work}", &at("work"))
                .replace("{tmp}", &at("tmp"))
        };
        let variable = |line: &str| {
            let (event, variable) = line.trim().split_once(' ')?;
            let (name, value) = variable.split_once('=')?;
            (event == "always" || event == wanted).then(|| (name.to_owned(), filled(value)))
        };
        table.lines().filter_map(variable).collect()
    }

    /// Returns the commands of the one job that a pipeline file has for this event.
    pub(super) fn steps(self, file: &Path, run: &PipelineRun<'_>) -> Vec<Step> {
        let text = fs::read_to_string(file).unwrap();
        if self == System::Jenkins {
            return jenkins(&text, run);
        }
        let file: Value = goyaml::from_str(&text).unwrap();
        let known = self.variables(run);
        let set = |name: &str| known.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let mut jobs: Vec<Vec<Step>> = match self {
            System::GitHub => github(&file, run, &set),
            System::GitLab => gitlab(&file, run, &set),
            System::AzureDevOps | System::Jenkins => azure(&file, run, &set),
        };
        assert_eq!(jobs.len(), 1, "one job is for {:?}", run.event);
        jobs.remove(0)
    }
}

/// The address of the definition with the token in it.
fn with_token(run: &PipelineRun<'_>) -> String {
    run.definition.replacen("://", &format!("://gitlab-ci-token:{}@", run.token), 1)
}

const GITHUB: &str = "
    always CI=true
    always GITHUB_ACTIONS=true
    always GITHUB_ACTOR=ada
    always GITHUB_API_URL={host}/api/v3
    review GITHUB_BASE_REF=main
    merge GITHUB_BASE_REF=
    review GITHUB_EVENT_NAME=pull_request
    merge GITHUB_EVENT_NAME=push
    review GITHUB_HEAD_REF=change
    merge GITHUB_HEAD_REF=
    review GITHUB_REF=refs/pull/12/merge
    merge GITHUB_REF=refs/heads/main
    review GITHUB_REF_NAME=12/merge
    merge GITHUB_REF_NAME=main
    always GITHUB_REPOSITORY=shop/hld
    always GITHUB_RUN_ID=77
    always GITHUB_SERVER_URL={host}
    always GITHUB_SHA={commit}
    always GITHUB_STEP_SUMMARY={machine}/summary.md
    always GITHUB_WORKSPACE={work}
    always RUNNER_TEMP={tmp}
";

const GITLAB: &str = "
    always CI=true
    always CI_API_V4_URL={host}/api/v4
    merge CI_COMMIT_BRANCH=main
    review CI_COMMIT_REF_NAME=change
    merge CI_COMMIT_REF_NAME=main
    always CI_COMMIT_SHA={commit}
    always CI_DEFAULT_BRANCH=main
    always CI_JOB_TOKEN={token}
    always CI_JOB_URL={host}/shop/hld/-/jobs/77
    review CI_MERGE_REQUEST_IID=12
    review CI_MERGE_REQUEST_PROJECT_ID=7
    review CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=change
    review CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main
    review CI_PIPELINE_SOURCE=merge_request_event
    merge CI_PIPELINE_SOURCE=push
    always CI_PROJECT_DIR={work}
    always CI_PROJECT_ID=7
    always CI_PROJECT_PATH=shop/hld
    always CI_PROJECT_URL={host}/shop/hld
    always CI_REPOSITORY_URL={with-token}
    always CI_SERVER_URL={host}
    always FAB_HOST_TOKEN={FAB_HOST_TOKEN}
    merge FAB_GIT_TOKEN={FAB_GIT_TOKEN}
    always GITLAB_CI=true
";

const AZURE: &str = "
    always AGENT_TEMPDIRECTORY={tmp}
    always BUILD_BUILDID=77
    review BUILD_REASON=PullRequest
    merge BUILD_REASON=BatchedCI
    always BUILD_REPOSITORY_ID=0f1e
    always BUILD_REPOSITORY_NAME=hld
    always BUILD_REPOSITORY_PROVIDER=TfsGit
    always BUILD_REPOSITORY_URI={definition}
    review BUILD_SOURCEBRANCH=refs/pull/12/merge
    merge BUILD_SOURCEBRANCH=refs/heads/main
    always BUILD_SOURCESDIRECTORY={work}
    always BUILD_SOURCEVERSION={commit}
    always PIPELINE_WORKSPACE={machine}
    always SYSTEM_COLLECTIONURI={host}/tfs/Main/
    review SYSTEM_PULLREQUEST_PULLREQUESTID=12
    review SYSTEM_PULLREQUEST_SOURCEBRANCH=refs/heads/change
    review SYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main
    always SYSTEM_TEAMPROJECT=Team A
    always TF_BUILD=True
";

const JENKINS: &str = "
    review BRANCH_NAME=PR-12
    merge BRANCH_NAME=main
    always BUILD_NUMBER=77
    always BUILD_URL=http://jenkins.example.com/job/hld/77/
    review CHANGE_AUTHOR=ada
    review CHANGE_BRANCH=change
    review CHANGE_ID=12
    review CHANGE_TARGET=main
    review CHANGE_URL={host}/shop/hld/pull/12
    always CI=true
    always GIT_COMMIT={commit}
    always GIT_URL={definition}
    always JENKINS_URL=http://jenkins.example.com/
    always WORKSPACE={work}
    always WORKSPACE_TMP={tmp}
";

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('/').fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) => &value.as_sequence().unwrap()[index],
        Err(_) => value.get(key).unwrap_or_else(|| panic!("{path}: no {key}")),
    })
}

/// The entries of a mapping that may be missing.
fn entries(value: Option<&Value>) -> Variables {
    let Some(map) = value.and_then(Value::as_mapping) else { return Variables::new() };
    map.iter().map(|(name, value)| (name.to_owned(), value.as_str().unwrap().to_owned())).collect()
}

/// Replaces what is between two marks.
fn expanded(text: &str, (open, close): (&str, &str), value: &dyn Fn(&str) -> String) -> String {
    let Some((before, rest)) = text.split_once(open) else { return text.to_owned() };
    let (name, after) = rest.split_once(close).unwrap();
    format!("{before}{}{}", value(name.trim()), expanded(after, (open, close), value))
}

fn all_expanded(variables: Variables, marks: (&str, &str), value: &dyn Fn(&str) -> String) -> Variables {
    variables.into_iter().map(|(name, text)| (name, expanded(&text, marks, value))).collect()
}

/// A variable by its name.
type Set<'a> = &'a dyn Fn(&str) -> Option<String>;

fn github(file: &Value, run: &PipelineRun<'_>, set: Set<'_>) -> Vec<Vec<Step>> {
    let event = set("GITHUB_EVENT_NAME").unwrap();
    // In YAML 1.1, unlike that of GitHub, `on` is a truth value.
    assert_eq!(at(file, &format!("true/{event}/branches/0")).as_str(), Some("main"));
    let value = |name: &str| (run.stored)(name.strip_prefix("secrets.").unwrap_or(name));
    let marks = ("${{", "}}");
    let jobs = at(file, "jobs").as_mapping().unwrap().values();
    let jobs = jobs.filter(|job| at(job, "if").as_str() == Some(&format!("github.event_name == '{event}'")));
    let steps = |job: &Value| {
        let of_step = |step: &Value| {
            let all = [file, job, step].map(|value| entries(value.get("env"))).concat();
            let script = expanded(step.get("run")?.as_str()?, marks, &value);
            Some(Step { script, variables: all_expanded(all, marks, &value) })
        };
        at(job, "steps").as_sequence().unwrap().iter().filter_map(of_step).collect()
    };
    jobs.map(steps).collect()
}

fn gitlab(file: &Value, run: &PipelineRun<'_>, set: Set<'_>) -> Vec<Vec<Step>> {
    let side = |text: &str| match text.strip_prefix('$') {
        Some(name) => set(name),
        None => Some(text.trim_matches('"').to_owned()),
    };
    let holds = |rule: &Value| {
        let (left, right) = at(rule, "if").as_str().unwrap().split_once(" == ").unwrap();
        side(left) == side(right)
    };
    let any_holds = |value: &Value| at(value, "rules").as_sequence().unwrap().iter().any(holds);
    let lines = |value: &Value| -> Vec<String> {
        value.as_sequence().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let project = run.machine.join("work").display().to_string();
    let jobs =
        file.as_mapping().unwrap().iter().filter(|(name, _)| !name.starts_with('.')).map(|(_, job)| job);
    let step = |job: &Value| {
        let base = file.get(at(job, "extends").as_str().unwrap()).unwrap();
        // One shell runs all of it.
        let script = [lines(at(base, "before_script")), lines(at(job, "script"))].concat().join("\n");
        let all = [base, job].map(|value| entries(value.get("variables"))).concat().into_iter();
        let variables = all.map(|(name, text)| (name, text.replace("$CI_PROJECT_DIR", &project))).collect();
        vec![Step { script, variables }]
    };
    jobs.filter(|job| any_holds(job)).map(step).collect()
}

fn azure(file: &Value, run: &PipelineRun<'_>, set: Set<'_>) -> Vec<Vec<Step>> {
    let value = |name: &str| match name {
        "Agent.TempDirectory" => run.machine.join("tmp").display().to_string(),
        "Pipeline.Workspace" => run.machine.display().to_string(),
        name => (run.stored)(name),
    };
    let marks = ("$(", ")");
    let of_step = |step: &Value| {
        let all = [file.get("variables"), step.get("env")].map(entries).concat();
        let script = expanded(step.get("script")?.as_str()?, marks, &value);
        Some(Step { script, variables: all_expanded(all, marks, &value) })
    };
    let steps = |stage: &Value| {
        let job = at(stage, "jobs/0");
        let steps = job.get("steps").unwrap_or_else(|| at(job, "strategy/runOnce/deploy/steps"));
        steps.as_sequence().unwrap().iter().filter_map(of_step).collect()
    };
    let stages = at(file, "stages").as_sequence().unwrap().iter();
    stages.filter(|stage| azure_holds(at(stage, "condition").as_str().unwrap(), set)).map(steps).collect()
}

/// Whether a condition of Azure Pipelines holds that compares variables with texts.
fn azure_holds(condition: &str, set: Set<'_>) -> bool {
    if let Some(both) = condition.strip_prefix("and(").and_then(|rest| rest.strip_suffix(')')) {
        return both.split_inclusive("), ").all(|one| azure_holds(one.trim_end_matches(", "), set));
    }
    let (function, arguments) = condition.strip_suffix(')').unwrap().split_once('(').unwrap();
    let (variable, text) = arguments.split_once(", ").unwrap();
    let name = variable.strip_prefix("variables['").unwrap().strip_suffix("']").unwrap();
    let value = set(&name.replace('.', "_").to_uppercase()).unwrap_or_default();
    let is_same = value.eq_ignore_ascii_case(text.trim_matches('\''));
    match function {
        "eq" => is_same,
        "ne" => !is_same,
        _ => panic!("{condition}"),
    }
}

/// Reads the little Groovy that there is: what is quoted after a word.
fn jenkins(text: &str, run: &PipelineRun<'_>) -> Vec<Step> {
    let quoted = |line: &str, word: &str| {
        let rest = line.split_once(&format!("{word} '"))?.1;
        Some(rest.split_once('\'')?.0.to_owned())
    };
    let (mut runs, mut variables, mut steps) = (true, Variables::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("stage(") {
            runs = true;
        } else if let Some(when) = line.strip_prefix("when { ") {
            runs = match run.event {
                Event::Review => when == "changeRequest() }",
                Event::Merge => when == "branch 'main' }",
            };
        }
        if !runs {
            continue;
        }
        if let Some((name, _)) = line.split_once(" = '") {
            variables.push((name.to_owned(), quoted(line, "=").unwrap()));
        }
        let names = ["variable:", "usernameVariable:", "passwordVariable:"];
        for name in names.iter().filter_map(|word| quoted(line, word)) {
            let value = (run.stored)(&name);
            variables.push((name, value));
        }
        if let Some(script) = quoted(line, "sh") {
            steps.push(Step { script, variables: variables.clone() });
        }
    }
    assert_eq!(steps.len(), 2, "it is fetched, and run once");
    steps
}

/// The folder where a system puts the checkout.
pub(super) fn work(machine: &Path) -> PathBuf {
    machine.join("work")
}
