//! Who asks a cluster: what a user of a kubeconfig is, or what a program says who they are.
//!
//! Programs are run as client-go runs them (v0.36): no shell, the environment of this process and what the kubeconfig
//! adds, what is wanted in `KUBERNETES_EXEC_INFO`, and their messages where ours go. Nobody is there to be asked, so they
//! get no input.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Value;
use serde_json::json;

use super::error::{FieldProblem, ProgramProblem};
use super::kubeconfig::Entry;
use super::{ClusterError, line};
use crate::source::credentials::{Credential, Secret};
use crate::source::http::Pem;

/// The largest answer of a program.
const LONGEST_ANSWER: u64 = 1 << 20;
/// What the versions of the answer begin with.
const GROUP: &str = "client.authentication.k8s.io/";
/// The extension of a cluster that programs are told.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// What a cluster is shown.
#[derive(Default)]
pub(super) struct Identity {
    pub(super) credential: Option<Credential>,
    /// A certificate with its chain, and its key.
    pub(super) client: Option<(Pem, Pem)>,
}

/// Returns what a user shows to a cluster.
pub(super) fn identity(user: &Entry<'_>, cluster: &Entry<'_>) -> Result<Identity, ClusterError> {
    // To go on as somebody else would be to ask with other rights than were wanted.
    for field in ["as", "auth-provider"] {
        if user.get(field).is_some() {
            return Err(user.problem(field, FieldProblem::Unsupported));
        }
    }
    let client = match user.pem("client-certificate", "client-certificate-data")? {
        Some(certificate) => {
            let key = user.pem("client-key", "client-key-data")?;
            let key = key.ok_or_else(|| user.problem("client-key", FieldProblem::Missing))?;
            Some((certificate, key))
        }
        None => None,
    };
    let token = match (user.file("tokenFile")?, user.text("token")?) {
        (Some(file), token) => match (fs::read_to_string(&file), token) {
            (Ok(read), _) => Some(Secret::new(read.trim())),
            (Err(_), Some(token)) => Some(Secret::new(token)),
            (Err(source), None) => {
                return Err(ClusterError::Unreadable { file: file.display().to_string(), source });
            }
        },
        (None, token) => token.map(Secret::new),
    };
    let password = user.text("password")?.unwrap_or_default();
    let basic = user.text("username")?.map(|name| Credential::basic(name, password));
    let credential = token.map(Credential::Bearer).or(basic);
    match user.get("exec") {
        // What is written down wins over what a program would say.
        Some(exec) if credential.is_none() && client.is_none() => ask(&user.inside(exec), cluster),
        _ => Ok(Identity { credential, client }),
    }
}

/// Asks the program that a kubeconfig names.
fn ask(exec: &Entry<'_>, cluster: &Entry<'_>) -> Result<Identity, ClusterError> {
    let program = exec.text("command")?.ok_or_else(|| exec.problem("command", FieldProblem::Missing))?;
    let version = exec.text("apiVersion")?.unwrap_or_default();
    if !matches!(version.strip_prefix(GROUP), Some("v1" | "v1beta1")) {
        return Err(exec.problem("apiVersion", FieldProblem::Unsupported));
    }
    let hint = line(exec.text("installHint")?.unwrap_or_default());
    let failed = |problem| ClusterError::Program {
        program: line(program),
        user: exec.name.to_owned(),
        problem,
        hint: hint.clone(),
    };
    if exec.text("interactiveMode")? == Some("Always") {
        return Err(failed(ProgramProblem::Interactive));
    }
    let mut command = command(program, exec)?;
    command.env("KUBERNETES_EXEC_INFO", wanted(version, exec, cluster)?);
    let start = |error| failed(ProgramProblem::Start(error));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(start)?;
    let mut answer = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST_ANSWER).read_to_end(&mut answer).map_err(start)?;
    }
    let status = child.wait().map_err(start)?;
    if !status.success() {
        return Err(failed(ProgramProblem::Failed(status)));
    }
    read(&answer, version).map_err(failed)
}

/// Returns the program with its arguments and variables.
fn command(program: &str, exec: &Entry<'_>) -> Result<Command, ClusterError> {
    let is_path = program.contains(['/', std::path::MAIN_SEPARATOR]);
    let mut command = match is_path {
        true => Command::new(exec.folder.join(program)),
        false => Command::new(Path::new(program)),
    };
    for argument in exec.get("args").and_then(Value::as_sequence).unwrap_or_default() {
        command.arg(argument.as_str().ok_or_else(|| exec.problem("args", FieldProblem::Type))?);
    }
    for variable in exec.get("env").and_then(Value::as_sequence).unwrap_or_default() {
        let field = |name| variable.get(name).and_then(Value::as_str);
        let (Some(name), value) = (field("name"), field("value")) else {
            return Err(exec.problem("env", FieldProblem::Type));
        };
        command.env(name, value.unwrap_or_default());
    }
    Ok(command)
}

/// Returns what is wanted of a program.
fn wanted(version: &str, exec: &Entry<'_>, cluster: &Entry<'_>) -> Result<String, ClusterError> {
    let mut spec = json!({"interactive": false});
    if exec.flag("provideClusterInfo")? {
        let mut told = serde_json::Map::new();
        for field in ["server", "tls-server-name", "proxy-url"] {
            told.extend(cluster.text(field)?.map(|text| (field.to_owned(), text.into())));
        }
        let ca = match (cluster.text("certificate-authority-data")?, cluster.file("certificate-authority")?) {
            (Some(data), _) => Some(data.to_owned()),
            (None, Some(file)) => {
                let text = fs::read(&file);
                let unreadable =
                    |source| ClusterError::Unreadable { file: file.display().to_string(), source };
                Some(STANDARD.encode(text.map_err(unreadable)?))
            }
            (None, None) => None,
        };
        told.extend(ca.map(|ca| ("certificate-authority-data".to_owned(), ca.into())));
        if cluster.flag("insecure-skip-tls-verify")? {
            told.insert("insecure-skip-tls-verify".to_owned(), true.into());
        }
        let extensions = cluster.get("extensions").and_then(Value::as_sequence).unwrap_or_default();
        let is_ours = |item: &&Value| item.get("name").and_then(Value::as_str) == Some(EXTENSION);
        let config = extensions.iter().find(is_ours).and_then(|item| item.get("extension"));
        // What JSON cannot say, such as an infinite number, is not told.
        told.extend(
            config.and_then(|config| Some(("config".to_owned(), serde_json::to_value(config).ok()?))),
        );
        spec["cluster"] = told.into();
    }
    Ok(json!({"kind": "ExecCredential", "apiVersion": version, "spec": spec}).to_string())
}

/// Reads what a program answers, in JSON or YAML.
fn read(answer: &[u8], version: &str) -> Result<Identity, ProgramProblem> {
    let answer: Value = goyaml::from_slice(answer).map_err(|_| ProgramProblem::Garbled)?;
    let is = |field, value| answer.get(field).and_then(Value::as_str) == Some(value);
    if !is("kind", "ExecCredential") || !is("apiVersion", version) {
        return Err(ProgramProblem::Garbled);
    }
    let field = |name| {
        let text = answer.get("status").and_then(|status| status.get(name)).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let pem = |name: &str, text: &str| Pem::Text {
        name: format!("`{name}` of the program that logs in"),
        text: text.as_bytes().to_vec(),
    };
    let (certificate, key) = ("clientCertificateData", "clientKeyData");
    let client = match (field(certificate), field(key)) {
        (Some(chain), Some(secret)) => Some((pem(certificate, chain), pem(key, secret))),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(ProgramProblem::Empty),
    };
    let credential = field("token").map(|token| Credential::Bearer(Secret::new(token)));
    if client.is_none() && credential.is_none() {
        return Err(ProgramProblem::Empty);
    }
    Ok(Identity { credential, client })
}
