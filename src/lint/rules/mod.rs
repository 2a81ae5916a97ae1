//! The rules, in the order of their codes: F1 is about values, F2 about the files of a
//! definition, F3 about sources, F4 about what comes out.

use super::rule::{Check, Rule};
use super::subject::Subject;
use crate::error::{Place, WarningKind};
use crate::finding::Finding;
use crate::insight::dotted;

mod ambiguous_scalar;
mod chart_warning;
mod dead_config_key;
mod deprecated_field;
mod duplicate_key;
mod encrypted_config;
mod floating_source;
mod idle_config_key;
mod invalid_name;
mod joined_list;
mod null_without_effect;
mod plain_http;
mod plain_secret;
mod random_output;
mod random_secret;
mod remote_hook;
mod repeated_entry;
mod secret_in_config;
mod skipped_file;
mod stale_lock;
mod type_change;
mod unknown_component;
mod unknown_environment;
mod unknown_field;
mod unknown_method;

pub(crate) use secret_in_config::may_be_secret;

/// All rules.
pub(crate) const RULES: &[(Rule, Check)] = &[
    (dead_config_key::RULE, dead_config_key::check),
    (idle_config_key::RULE, idle_config_key::check),
    (type_change::RULE, type_change::check),
    (ambiguous_scalar::RULE, ambiguous_scalar::check),
    (duplicate_key::RULE, duplicate_key::check),
    (joined_list::RULE, joined_list::check),
    (null_without_effect::RULE, null_without_effect::check),
    (unknown_field::RULE, unknown_field::check),
    (unknown_component::RULE, unknown_component::check),
    (deprecated_field::RULE, deprecated_field::check),
    (unknown_method::RULE, unknown_method::check),
    (repeated_entry::RULE, repeated_entry::check),
    (skipped_file::RULE, skipped_file::check),
    (invalid_name::RULE, invalid_name::check),
    (unknown_environment::RULE, unknown_environment::check),
    (floating_source::RULE, floating_source::check),
    (plain_http::RULE, plain_http::check),
    (stale_lock::RULE, stale_lock::check),
    (remote_hook::RULE, remote_hook::check),
    (random_output::RULE, random_output::check),
    (random_secret::RULE, random_secret::check),
    (plain_secret::RULE, plain_secret::check),
    (secret_in_config::RULE, secret_in_config::check),
    (encrypted_config::RULE, encrypted_config::check),
    (chart_warning::RULE, chart_warning::check),
];

/// The rules that find what must not be shown.
pub(crate) const SECRETIVE: [&str; 2] = [plain_secret::RULE.code, secret_in_config::RULE.code];

/// Returns the code that a warning of the loader or the renderer goes by; none if it is for the run only.
fn code_of(kind: &WarningKind) -> Option<&'static str> {
    let rule = match kind {
        WarningKind::UnknownField { .. }
        | WarningKind::UnknownHook { .. }
        | WarningKind::SettingInComponent { .. } => unknown_field::RULE,
        WarningKind::UnknownSubcomponent { .. } | WarningKind::UnknownComponent { .. } => {
            unknown_component::RULE
        }
        WarningKind::Deprecated { .. } => deprecated_field::RULE,
        WarningKind::UnknownMethod { .. } => unknown_method::RULE,
        WarningKind::RepeatedEntry { .. } => repeated_entry::RULE,
        WarningKind::SkippedFile { .. } => skipped_file::RULE,
        WarningKind::NoConfigFile { .. } | WarningKind::ComponentAsEnvironment { .. } => {
            unknown_environment::RULE
        }
        WarningKind::Chance { .. } => random_output::RULE,
        WarningKind::DroppedDocument { .. } | WarningKind::Chart(_) => chart_warning::RULE,
        // Only installing reads that file.
        WarningKind::AccessIgnored { .. } | WarningKind::NotLinted { .. } => return None,
    };
    Some(rule.code)
}

/// Returns what was warned of before anything was rendered, as far as it belongs to a rule and is about a file of the user's.
fn warned(subject: &Subject<'_>, rule: &Rule) -> Vec<Finding> {
    let own = subject.warnings.iter().filter(|(warning, _)| code_of(&warning.kind) == Some(rule.code));
    let finding = |(warning, environment): &(crate::error::Warning, Option<String>)| {
        let place = warning.place.clone().unwrap_or_else(|| Place::file(subject.main_file()));
        let is_own =
            subject.is_own(&place.file) || warning.place.is_none() || subject.is_project(&place.file);
        let mut finding = rule.finding(warning.kind.to_string(), place);
        finding.environments.extend(environment.clone());
        is_own.then_some(finding)
    };
    own.filter_map(finding).collect()
}
