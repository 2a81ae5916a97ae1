//! Renders recorded chart cases in one process and one thread, as `benches/peers`
//! does with Helm's own engine: same files, same cases, same phases, same lines.
//!
//! ```text
//! cargo bench -p helm --bench corpus -- CORPUS [--one-engine] [CASE-ID...]
//! ```
//!
//! CORPUS is a folder with `cases.jsonl`. A line is the case's id, milliseconds of
//! processor time for loading, values, rendering and sorting, and `ok`, `keys` if keys or
//! password hashes were made, or `error`; the last line has the totals. Nothing is kept
//! from one case to the next unless `--one-engine` shares the parsed templates. What a
//! case allocates is freed within its time.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use goyaml::Mapping;
use helm::{Capabilities, Chart, Engine, Env, KubeVersion, Mode, PrepareOptions, Release, RenderOptions};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

/// As in `fab` itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A line of `cases.jsonl`.
#[derive(Deserialize)]
struct Case {
    id: String,
    charts_dir: PathBuf,
    chart: PathBuf,
    release: String,
    namespace: String,
    kube_version: String,
    api_versions: Vec<String>,
    values: Option<PathBuf>,
    flags: Vec<String>,
}

/// The functions that are slow on purpose, or as lucky as the primes they find.
const SLOW: [&str; 8] = [
    "bcrypt",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "htpasswd",
];

/// Loading, values, rendering, sorting.
type Phases = [Duration; 4];

fn main() -> ExitCode {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (flags, words): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with("--"));
    let Some((corpus, only)) = words.split_first() else { return ExitCode::SUCCESS };
    let shared = flags.iter().any(|flag| flag == "--one-engine").then(Engine::new);
    match run(Path::new(corpus), only, shared.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(corpus: &Path, only: &[String], shared: Option<&Engine>) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let mut sum = Phases::default();
    for line in fs::read_to_string(corpus.join("cases.jsonl"))?.lines() {
        let case: Case = serde_json::from_str(line)?;
        if !case.flags.is_empty() || !(only.is_empty() || only.contains(&case.id)) {
            continue;
        }
        let env = Env::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000), [7; 32]);
        let mut watch = Watch { phases: Phases::default(), phase: 0, start: processor_time() };
        let rendered = render(corpus, &case, (&env, shared), &mut watch);
        watch.lap();
        let verdict = match rendered {
            Ok(()) if makes_keys(corpus, &case, &env)? => "keys",
            Ok(()) => "ok",
            Err(_) => "error",
        };
        for (sum, phase) in sum.iter_mut().zip(watch.phases) {
            *sum += phase;
        }
        writeln!(out, "{}\t{}\t{verdict}", case.id, text(&watch.phases))?;
    }
    let total = sum.iter().sum::<Duration>().as_secs_f64();
    writeln!(out, "total\t{}\t{total:.3} s", text(&sum))?;
    Ok(())
}

fn text(phases: &Phases) -> String {
    phases.map(|phase| format!("{:.3}", phase.as_secs_f64() * 1000.0)).join("\t")
}

struct Watch {
    phases: Phases,
    phase: usize,
    start: Duration,
}

impl Watch {
    /// Charges the time since the last call to the phase that runs.
    fn lap(&mut self) {
        let now = processor_time();
        self.phases[self.phase] += now - self.start;
        self.start = now;
    }

    fn next(&mut self) {
        self.lap();
        self.phase += 1;
    }
}

fn render(
    corpus: &Path,
    case: &Case,
    (env, shared): (&Env, Option<&Engine>),
    watch: &mut Watch,
) -> Result<(), Box<dyn Error>> {
    let (chart, values) = load(corpus, case)?;
    watch.next();
    let engine = shared.cloned().unwrap_or_default();
    let options = options(case, env, &engine)?;
    let capabilities = options.capabilities.clone();
    let prepared = helm::prepare(&chart, &values, &PrepareOptions { capabilities, ..Default::default() })?;
    watch.next();
    let files = helm::render_templates(&prepared, &options)?;
    watch.next();
    helm::sort(files)?;
    Ok(())
}

fn options<'a>(case: &Case, env: &'a Env, engine: &'a Engine) -> Result<RenderOptions<'a>, Box<dyn Error>> {
    let mut capabilities =
        Capabilities { kube_version: KubeVersion::parse(&case.kube_version)?, ..Capabilities::default() };
    capabilities.api_versions.extend_from_slice(&case.api_versions);
    Ok(RenderOptions {
        engine,
        env,
        release: Release::new(&case.release, &case.namespace),
        capabilities,
        include_crds: false,
        skip_schema_validation: false,
        mode: Mode::Normal,
    })
}

/// Renders a case once more, outside of the measurement, and returns whether it calls a slow function.
fn makes_keys(corpus: &Path, case: &Case, env: &Env) -> Result<bool, Box<dyn Error>> {
    let (chart, values) = load(corpus, case)?;
    let engine = Engine::new();
    let rendered = helm::template(&chart, &values, &options(case, env, &engine)?)?;
    Ok(rendered.chances.iter().any(|chance| SLOW.contains(&chance.of.function)))
}

fn load(corpus: &Path, case: &Case) -> Result<(Chart, Mapping), Box<dyn Error>> {
    let chart = helm::load(&corpus.join(&case.charts_dir).join(&case.chart))?;
    let values = match &case.values {
        Some(values) => helm::values::from_yaml(&fs::read(corpus.join(values))?)?,
        None => Mapping::new(),
    };
    Ok((chart, values))
}

/// What all threads of this process have taken; unlike a clock, it does not count what
/// others do meanwhile.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    let part = |n: i64| n.unsigned_abs();
    Duration::from_secs(part(now.tv_sec)) + Duration::from_nanos(part(now.tv_nsec))
}
