//! `.Capabilities`: what the cluster and Helm itself are.

use std::any::Any;
use std::rc::Rc;

use gotmpl::{CallError, Kind, NamedType, Object, Type, Value};

use crate::Capabilities;
use crate::capabilities::{HelmVersion, KubeVersion};

/// Returns the object; it is the same for all templates of a release.
pub(super) fn object(capabilities: &Capabilities) -> Value {
    let versions = Value::strings(capabilities.api_versions.iter().map(String::as_str));
    let kube_version = KubeVersionObject { version: capabilities.kube_version.clone(), has_address: true };
    let fields = [
        ("KubeVersion", Value::Object(Rc::new(kube_version))),
        ("APIVersions", Value::Object(Rc::new(VersionSet(versions)))),
        ("HelmVersion", Value::Object(Rc::new(capabilities.helm_version.clone()))),
    ];
    Value::Object(Rc::new(CapabilitiesObject(fields)))
}

#[derive(Debug)]
struct CapabilitiesObject([(&'static str, Value); 3]);

impl Object for CapabilitiesObject {
    fn go_type(&self) -> Type {
        Type::Opaque("*common.Capabilities", Kind::Ptr)
    }

    fn field(&self, name: &str) -> Option<Value> {
        field(&self.0, name)
    }

    fn has_method(&self, name: &str) -> bool {
        name == "Copy"
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        self.has_method(name).then(|| (&[][..], false, self.go_type()))
    }

    fn call_method(&self, _name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Ok(Value::Object(Rc::new(CapabilitiesObject(self.0.clone()))))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.0.to_vec()
    }

    fn json(&self) -> Result<Value, String> {
        Ok(Value::map(self.0.clone()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<CapabilitiesObject>()
            .is_some_and(|other| self.0.iter().zip(&other.0).all(|((_, a), (_, b))| a.deep_equal(b)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn field(fields: &[(&'static str, Value)], name: &str) -> Option<Value> {
    fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

/// `common.KubeVersion`
#[derive(Debug, Clone)]
struct KubeVersionObject {
    version: KubeVersion,
    /// Go finds the methods at the address of the struct; a copy in an interface has none.
    has_address: bool,
}

impl Object for KubeVersionObject {
    fn go_type(&self) -> Type {
        Type::Opaque("common.KubeVersion", Kind::Struct)
    }

    fn field(&self, name: &str) -> Option<Value> {
        let text = match name {
            "Version" => &self.version.version,
            "Major" => &self.version.major,
            "Minor" => &self.version.minor,
            _ => return None,
        };
        Some(Value::str(text.as_str()))
    }

    fn has_method(&self, name: &str) -> bool {
        self.has_address && matches!(name, "String" | "GitVersion")
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        self.has_method(name).then_some((&[], false, Type::String))
    }

    fn call_method(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        let text = if name == "String" { &self.version.normalized } else { &self.version.version };
        Ok(Value::str(text.as_str()))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::str(self.version.version.as_str())),
            ("normalizedVersion", Value::str(self.version.normalized.as_str())),
            ("Major", Value::str(self.version.major.as_str())),
            ("Minor", Value::str(self.version.minor.as_str())),
        ]
    }

    fn addressable_stringer(&self) -> Option<String> {
        self.has_address.then(|| self.version.normalized.clone())
    }

    fn copied(&self) -> Option<Rc<dyn Object>> {
        self.has_address.then(|| Rc::new(KubeVersionObject { has_address: false, ..self.clone() }) as _)
    }

    fn json(&self) -> Result<Value, String> {
        let text = |text: &String| Value::str(text.as_str());
        Ok(Value::map([
            ("Version", text(&self.version.version)),
            ("Major", text(&self.version.major)),
            ("Minor", text(&self.version.minor)),
        ]))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<KubeVersionObject>().is_some_and(|other| other.version == self.version)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `common.VersionSet`, a list of text with a method.
#[derive(Debug)]
struct VersionSet(Value);

static VERSION_SET: NamedType = NamedType { name: "common.VersionSet", underlying: Type::STRINGS };

impl VersionSet {
    fn has(&self, version: &[u8]) -> bool {
        let is_it = |item: &Value| item.as_str().is_some_and(|text| text.as_bytes() == version);
        self.0.as_list().is_some_and(|list| list.items().iter().any(is_it))
    }
}

impl Object for VersionSet {
    fn go_type(&self) -> Type {
        Type::Named(&VERSION_SET)
    }

    fn has_method(&self, name: &str) -> bool {
        name == "Has"
    }

    fn method_signature(&self, name: &str) -> Option<(&'static [Type], bool, Type)> {
        self.has_method(name).then_some((&[Type::String], false, Type::Bool))
    }

    fn call_method(&self, _name: &str, args: &[Value]) -> Result<Value, CallError> {
        Ok(Value::Bool(args.first().and_then(Value::as_str).is_some_and(|text| self.has(text.as_bytes()))))
    }

    fn plain(&self) -> Option<Value> {
        Some(self.0.clone())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<VersionSet>().is_some_and(|other| self.0.deep_equal(&other.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl HelmVersion {
    fn texts(&self) -> [(&'static str, &'static str, &str); 5] {
        [
            ("Version", "version", &self.version),
            ("GitCommit", "git_commit", &self.git_commit),
            ("GitTreeState", "git_tree_state", &self.git_tree_state),
            ("GoVersion", "go_version", &self.go_version),
            ("KubeClientVersion", "kube_client_version", &self.kube_client_version),
        ]
    }
}

impl Object for HelmVersion {
    fn go_type(&self) -> Type {
        Type::Opaque("version.BuildInfo", Kind::Struct)
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.texts().iter().find(|(known, ..)| *known == name).map(|(_, _, text)| Value::str(*text))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.texts().iter().map(|(name, _, text)| (*name, Value::str(*text))).collect()
    }

    fn json(&self) -> Result<Value, String> {
        // All but the last are `omitempty`.
        let texts = self.texts();
        let shown = texts.iter().filter(|(name, _, text)| !text.is_empty() || *name == "KubeClientVersion");
        Ok(Value::map(shown.map(|(_, key, text)| (*key, Value::str(*text)))))
    }

    fn json_keys(&self) -> Vec<&'static str> {
        self.texts().iter().map(|(_, key, _)| *key).collect()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<HelmVersion>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
