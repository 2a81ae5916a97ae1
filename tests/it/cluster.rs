//! A Kubernetes API server, as far as `fab status` asks one: lists of custom resources, over TLS.
//!
//! Who shows a client certificate or the token may list what a test puts there, a few objects at a time. What is not
//! there is not known, as without its CustomResourceDefinition.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Value as Yaml;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};

use crate::hld::Hld;
use crate::server::{Reply, Request, Server};

/// The token that the server knows.
pub(crate) const TOKEN: &str = "t0ken-of-ada";

/// How many objects the server sends at once, whatever it is asked for.
const PAGE: usize = 2;

/// Certificates and keys in PEM.
pub(crate) struct Pki {
    pub(crate) ca: String,
    server: (String, String),
    pub(crate) client: (String, String),
    /// An authority that nobody here trusts.
    pub(crate) other_ca: String,
}

/// A chart that makes them.
const CERTIFICATES: &str = r#"
{{- $ca := genCAWithKey "fake" 3650 (genPrivateKey "ecdsa") }}
{{- $other := genCAWithKey "other" 3650 (genPrivateKey "ecdsa") }}
{{- $server := genSignedCertWithKey "kube-apiserver" (list "127.0.0.1") (list "kubernetes.test") 3650 $ca (genPrivateKey "ecdsa") }}
{{- $client := genSignedCertWithKey "ada" nil nil 3650 $ca (genPrivateKey "ecdsa") }}
apiVersion: v1
kind: ConfigMap
metadata: {name: pki}
data: {{ dict "ca" $ca.Cert "server" $server.Cert "server-key" $server.Key "client" $client.Cert "client-key" $client.Key "other" $other.Cert | toJson }}
"#;

impl Pki {
    /// Those of this process.
    pub(crate) fn get() -> &'static Pki {
        static PKI: OnceLock<Pki> = OnceLock::new();
        PKI.get_or_init(|| {
            let hld = Hld::new(&[
                ("Chart.yaml", "apiVersion: v2\nname: pki\nversion: 0.1.0\n"),
                ("templates/pki.yaml", CERTIFICATES),
            ]);
            let made: Yaml = goyaml::from_str(&hld.ok(&["template", "x", "."]).stdout).unwrap();
            let field =
                |name: &str| made.get("data").unwrap().get(name).unwrap().as_str().unwrap().to_owned();
            Pki {
                ca: field("ca"),
                server: (field("server"), field("server-key")),
                client: (field("client"), field("client-key")),
                other_ca: field("other"),
            }
        })
    }

    fn config(&self) -> ServerConfig {
        let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&self.ca)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let key = PrivateKeyDer::from_pem_slice(self.server.1.as_bytes()).unwrap();
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            .with_single_cert(vec![certificate(&self.server.0)], key)
            .unwrap()
    }
}

/// Returns a text as kubeconfigs have data.
pub(crate) fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

/// Objects by the paths of their lists, and lists that nobody may see.
#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<Value>>,
    denied: Vec<String>,
}

/// The server.
pub(crate) struct Cluster {
    pub(crate) server: Server,
    state: Arc<Mutex<State>>,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let kept = Arc::clone(&state);
        let server =
            Server::start_tls(Pki::get().config(), move |request, _| answer(request, &kept.lock().unwrap()));
        Cluster { server, state }
    }

    /// Knows a kind, without any object of it.
    pub(crate) fn knows(&self, list: &str) {
        self.state.lock().unwrap().objects.entry(format!("/apis/{list}")).or_default();
    }

    /// Puts an object into a list, by the version and name of that: `argoproj.io/v1alpha1/applications`.
    pub(crate) fn put(&self, list: &str, object: Value) {
        self.knows(list);
        let state = &mut *self.state.lock().unwrap();
        state.objects.get_mut(&format!("/apis/{list}")).unwrap().push(object);
    }

    /// Lets nobody see a list.
    pub(crate) fn deny(&self, list: &str) {
        self.state.lock().unwrap().denied.push(format!("/apis/{list}"));
    }
}

fn answer(request: &Request, state: &State) -> Reply {
    let token = format!("Bearer {TOKEN}");
    if !request.has_certificate && request.header("authorization") != Some(&token) {
        return failure(401, "Unauthorized");
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if request.method != "GET" || request.header("accept") != Some("application/json") {
        return failure(406, "only plain lists are asked for");
    }
    if state.denied.iter().any(|denied| denied == path) {
        let kind = path.rsplit('/').next().unwrap();
        return failure(403, &format!("{kind} is forbidden: User \"ada\" cannot list\u{1b}[2J resource"));
    }
    if path == "/version" {
        return Reply::ok(r#"{"major":"1","minor":"36","gitVersion":"v1.36.0"}"#);
    }
    let Some(objects) = state.objects.get(path) else {
        return Reply::status(404).body("404 page not found\n");
    };
    let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name));
    assert!(asked("limit=").is_some(), "{query}");
    let from: usize = asked("continue=from-").map_or(0, |from| from.parse().unwrap());
    let to = (from + PAGE).min(objects.len());
    let metadata = if to < objects.len() {
        json!({"continue": format!("from-{to}")})
    } else {
        json!({"resourceVersion": "7"})
    };
    Reply::ok(json!({"kind": "List", "metadata": metadata, "items": objects[from..to]}).to_string())
}

fn failure(code: u16, message: &str) -> Reply {
    let status =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code});
    Reply::status(code).body(&status.to_string())
}
