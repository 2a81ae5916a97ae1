//! What a stranger hands to Helm: arguments and archives.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use helm::values::Overrides;

/// No argument of the `--set` family makes its reader panic. Lines are arguments,
/// their first byte says of which option.
pub fn helm_values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut overrides = Overrides::default();
    for line in text.lines() {
        let Some((option, argument)) = line.split_at_checked(1) else { continue };
        let arguments = match option {
            "s" => &mut overrides.set_string,
            "j" => &mut overrides.set_json,
            "l" => &mut overrides.set_literal,
            "f" => &mut overrides.set_file,
            "v" => &mut overrides.files,
            _ => &mut overrides.set,
        };
        arguments.push(argument.to_owned());
    }
    // A file's name is its content, so that the fuzzer writes files, too.
    let read = |path: &str| Ok(path.replace('|', "\n").into_bytes());
    let merged = overrides.merge(&read);
    assert_eq!(merged, overrides.merge(&read));
}

/// No archive makes the loader of charts panic. The bytes are the tar inside of it,
/// since nothing that a fuzzer changes in compressed data survives its checksum.
pub fn helm_archive(bytes: &[u8]) {
    let mut archive = GzEncoder::new(Vec::new(), Compression::none());
    archive.write_all(bytes).expect("memory takes everything");
    let archive = archive.finish().expect("memory takes everything");
    let chart = b"apiVersion: v2\nname: parent\nversion: 1.0.0\n";
    let files = vec![("Chart.yaml".to_owned(), chart.to_vec()), ("charts/sub-1.0.0.tgz".to_owned(), archive)];
    if let Ok(chart) = helm::load_files(files) {
        assert!(chart.dependencies.len() <= 1);
    }
}
