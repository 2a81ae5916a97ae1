//! Helm charts in, manifests out: what `helm template` does.
//!
//! ```text
//! files ──load──▶ Chart ──prepare(values)──▶ Prepared ──render──▶ manifests
//! ```
//!
//! Invariant: only [`mod@load`] reads files. Everything else is a function of its
//! arguments: no clock, environment, network or randomness of its own.

mod capabilities;
mod chance;
mod chart;
mod decode;
mod dependencies;
mod diagnosis;
mod engine;
mod error;
mod ignore;
pub mod load;
mod manifest;
mod metadata;
mod objects;
mod origins;
mod pattern;
mod prepare;
mod release;
mod render;
mod schema;
mod site;
mod trace;
mod usage;
pub mod values;
mod version;

pub use capabilities::{Capabilities, HelmVersion, KubeVersion, KubeVersionError};
pub use chance::{Chance, reached};
pub use chart::{Chart, File};
pub use diagnosis::{Diagnosis, Found, Missing, diagnose};
pub use engine::Engine;
pub use error::Error;
pub use load::{LoadError, load, load_files};
pub use manifest::{Hook, HookEvent, Manifest};
pub use metadata::{Dependency, Maintainer, Metadata};
pub use origins::{Arranged, Defaults};
pub use prepare::{PrepareError, PrepareOptions, Prepared, prepare, prepare_as_is};
pub use release::{Release, ReleaseNameError};
pub use render::{Crd, Mode, RenderOptions, Rendered, render_templates, show_only, sort, template};
pub use schema::{Schema, SchemaError};
pub use site::Site;
pub use sprig::{Env, Seed, Source};
pub use trace::{RenderedLine, Step, Trace, ValuePath, blame, reads, template_tracked};
pub use usage::{ReadValue, Usage, usage};
