//! RSA keys beside Go's, in turns, in wall and processor time: `cargo bench -p sprig --bench keys -- PEER`, where the
//! peer is what `go build ./keys` makes in `benches/peers`.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use gotmpl::{Exec, Functions, Options, Parsed, Templates, Value};

/// A Go program that makes a key for each line.
struct Peer {
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn time(&mut self, order: &str) -> Duration {
        writeln!(self.orders, "{order}").expect("the peer listens");
        let answer = self.answers.next().expect("the peer answers").expect("the answer is text");
        Duration::from_nanos(answer.parse().expect("the answer is a number"))
    }
}

/// Renders a template, each time with another seed.
fn time(template: &str, number: u8) -> Duration {
    let functions = Functions::new(&[sprig::FUNCTIONS]);
    let mut templates = Templates::new("t");
    templates.add(&Parsed::new("t", template.as_bytes(), &functions).expect("the template is fine"));
    let env = sprig::Env::new(SystemTime::UNIX_EPOCH, [number; 32]);
    let options = Options { extensions: &[&env], ..Options::default() };
    let start = now();
    Exec::new(&templates, &functions, options).run("t", Value::Nil).expect("it renders");
    start.elapsed()
}

/// Returns the processor time that Linux counts for a process, which it does in hundredths of a second.
fn processor_time(process: u32) -> Duration {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the process is there");
    let (_, fields) = status.rsplit_once(") ").expect("the name is in brackets");
    let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("it is a number"));
    Duration::from_millis(10 * ticks.sum::<u64>())
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn now() -> Instant {
    Instant::now()
}

fn main() {
    let Some(path) = std::env::args().skip(1).find(|arg| !arg.starts_with('-')) else {
        println!("no peer was given: nothing is measured");
        return;
    };
    let child = Command::new(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("the peer starts");
    let answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut peer = Peer { orders: child.stdin.take().expect("it is piped"), answers };
    for (name, template, order, rounds) in [
        ("2048 bits, with a certificate", r#"{{ (genCA "ca" 1).Cert }}"#, "genCA", 100_u8),
        ("4096 bits", r#"{{ genPrivateKey "rsa" }}"#, "rsa 4096", 30),
    ] {
        let processor = || (processor_time(std::process::id()), processor_time(child.id()));
        let before = processor();
        let (mut ours, mut theirs): (Vec<_>, Vec<_>) =
            (0..rounds).map(|round| (time(template, round), peer.time(order))).unzip();
        let after = processor();
        ours.sort_unstable();
        theirs.sort_unstable();
        let wall = (ours[ours.len() / 2], theirs[theirs.len() / 2]);
        let processor = (after.0 - before.0, after.1 - before.1);
        let processor = (processor.0 / u32::from(rounds), processor.1 / u32::from(rounds));
        for (what, (ours, theirs)) in [("median wall", wall), ("mean processor", processor)] {
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            println!("{name}, {rounds} keys: {what} time: fab {ours:.1?}, Go {theirs:.1?}, ratio {ratio:.2}");
        }
    }
    // Without orders the peer ends.
    drop(peer);
    child.wait().expect("the peer ends");
}
