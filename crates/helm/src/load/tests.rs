//! Folders, archives and files in memory. Texts are those of helm 4.2.4.

use std::fs;
use std::io::Write as _;

use super::*;

const CHART: &[u8] = b"apiVersion: v2\nname: c\nversion: 1.0.0\n";
const SUBCHART: &[u8] = b"apiVersion: v2\nname: s\nversion: 1.0.0\n";

fn in_memory(files: &[(&str, &[u8])]) -> Result<Chart, LoadError> {
    load_files(files.iter().map(|(path, data)| ((*path).to_owned(), data.to_vec())).collect())
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, data) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }
    folder
}

fn header(name: &str, size: u64, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    // `set_path` refuses hostile names.
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(data).unwrap();
    gzip.finish().unwrap()
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, data) in files {
        tar.append(&header(name, data.len() as u64, tar::EntryType::Regular), *data).unwrap();
    }
    gzip(&tar.into_inner().unwrap())
}

fn load_archive(content: &[u8], name: &str) -> Result<Chart, LoadError> {
    let folder = folder(&[(name, content)]);
    load(&folder.path().join(name))
}

fn paths(files: &[File]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

/// Checks the error of files in memory.
#[track_caller]
fn check_error(files: &[(&str, &[u8])], want: &str) {
    assert_eq!(in_memory(files).unwrap_err().to_string(), want);
}

/// Checks why an archive is refused; Helm says no more than that it cannot be loaded.
#[track_caller]
fn check_archive(content: &[u8], want: &str) {
    let error = load_archive(content, "c.tgz").unwrap_err();
    assert_eq!(error.to_string(), "unable to load chart archive");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), want);
}

#[test]
fn files_are_sorted_into_templates_and_others() {
    let chart = in_memory(&[
        ("Chart.yaml", CHART),
        ("values.yaml", b"a: 1\n"),
        ("values.schema.json", b"{}"),
        ("templates/a.yaml", b"x"),
        ("templates/d/_b.tpl", b"x"),
        ("crds/c.yaml", b"x"),
        ("crds/README.md", b"x"),
        ("README.md", b"x"),
        ("charts/s/Chart.yaml", SUBCHART),
        ("charts/s/templates/t.yaml", b"x"),
        ("charts/s-1.0.0.tgz.prov", b"x"),
        ("charts/_hidden/x", b"x"),
        ("charts/.hidden", b"x"),
    ])
    .unwrap();
    assert_eq!(paths(&chart.templates), ["templates/a.yaml", "templates/d/_b.tpl"]);
    assert_eq!(
        paths(&chart.files),
        ["crds/c.yaml", "crds/README.md", "README.md", "charts/s-1.0.0.tgz.prov"]
    );
    assert_eq!(chart.crds().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["crds/c.yaml"]);
    assert_eq!(chart.values["a"], Value::Float(1.0));
    assert_eq!(chart.schema.as_ref().unwrap().text(), b"{}");
    assert_eq!(chart.dependencies.len(), 1);
    assert_eq!(paths(&chart.dependencies[0].templates), ["templates/t.yaml"]);
}

#[test]
fn byte_order_marks_are_dropped() {
    let chart = in_memory(&[("Chart.yaml", CHART), ("templates/a", b"\xef\xbb\xbfx")]).unwrap();
    assert_eq!(&*chart.templates[0].data, b"x");
}

#[test]
fn chart_yaml_takes_numbers_for_text_and_keys_of_any_case() {
    let text =
        b"Name: c\nVERSION: 1.10\nappVersion: 1234567.0\nkeywords: [1, true, ~]\nannotations: {a: 1}\n";
    let metadata = in_memory(&[("Chart.yaml", text)]).unwrap().metadata;
    assert_eq!(metadata.api_version, "v1");
    assert_eq!(metadata.version, "1.1");
    assert_eq!(metadata.app_version, "1.234567e+06");
    assert_eq!(metadata.keywords.unwrap(), ["1", "true", ""]);
    assert_eq!(metadata.annotations.unwrap()["a"], "1");
}

#[test]
fn text_fields_lose_what_cannot_be_printed() {
    let text = b"apiVersion: v2\nname: c\nversion: 1.0.0\ndescription: \"a\\tb\\u0007c\\u00e9\\u00a0d\"\n";
    assert_eq!(in_memory(&[("Chart.yaml", text)]).unwrap().metadata.description, "a bcé d");
}

#[test]
fn requirements_in_the_second_format_are_remarked() {
    let chart = in_memory(&[("Chart.yaml", CHART), ("requirements.yaml", b"dependencies: []\n")]).unwrap();
    assert_eq!(chart.metadata.dependencies, Some(vec![]));
    assert_eq!(chart.files.len(), 0);
    assert!(chart.warnings[0].starts_with("Warning: Dependencies are handled in Chart.yaml"));
}

#[test]
fn err_chart_yaml() {
    let with = |line: &str| [CHART, line.as_bytes()].concat();
    let check = |line: &str, want: &str| check_error(&[("Chart.yaml", &with(line))], want);
    let decode =
        "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ";
    check_error(&[], "Chart.yaml file is missing");
    check_error(&[("requirements.yaml", b"{}")], "validation: chart.metadata.apiVersion is required");
    check_error(&[("Chart.yaml", b"")], "validation: chart.metadata.name is required");
    check_error(&[("Chart.yaml", b"name: c")], "validation: chart.metadata.version is required");
    check("type: x", "validation: chart.metadata.type must be application or library");
    check("version: x", "validation: chart.metadata.version \"x\" is invalid");
    check("name: ..", "validation: chart.metadata.name \"..\" is not allowed");
    check("name: ../x", "validation: chart.metadata.name \"../x\" is invalid");
    check("maintainers: [~]", "validation: maintainers must not contain empty or null nodes");
    check("dependencies: [~]", "validation: dependencies must not contain empty or null nodes");
    let alias = "dependencies: [{name: x, alias: a b}]";
    check(alias, "validation: dependency \"x\" has disallowed characters in the alias");
    let twice = "dependencies: [{name: x}, {name: z, alias: x}]";
    check(twice, "validation: more than one dependency with name or alias \"x\"");
    check("home: [a]", &format!("{decode}array into Go struct field Metadata.home of type string"));
    check("keywords: x", &format!("{decode}string into Go struct field Metadata.keywords of type []string"));
    check("deprecated: x", &format!("{decode}string into Go struct field Metadata.deprecated of type bool"));
    let path = "Dependency.dependencies.name of type string";
    check("dependencies: [{name: {}}]", &format!("{decode}object into Go struct field {path}"));
    let path = "Metadata.maintainers of type v2.Maintainer";
    check("maintainers: [x]", &format!("{decode}string into Go struct field {path}"));
}

#[test]
fn err_other_files_of_a_chart() {
    let chart = ("Chart.yaml", CHART);
    check_error(
        &[chart, ("values.yaml", b"[a]")],
        "cannot load values.yaml: cannot unmarshal yaml document: error unmarshaling JSON: while decoding \
         JSON: json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
    check_error(
        &[chart, ("Chart.lock", b"generated: yesterday")],
        "cannot load Chart.lock: error unmarshaling JSON: while decoding JSON: parsing time \"yesterday\"",
    );
    let lock = b"generated: \"2024-01-01T00:00:00.5+01:00\"\ndigest: x\ndependencies: [{name: s}]\n";
    assert!(in_memory(&[chart, ("Chart.lock", lock)]).is_ok());
}

#[test]
fn err_charts_in_a_chart() {
    let chart = ("Chart.yaml", CHART);
    let missing = "error unpacking subchart README.md in c: Chart.yaml file is missing";
    check_error(&[chart, ("charts/README.md", b"x")], missing);
    let short = "error unpacking subchart s.tgz in c: unexpected EOF";
    check_error(&[chart, ("charts/s.tgz", b"x")], short);
    let other = "error unpacking subchart s.tgz in c: gzip: invalid header";
    check_error(&[chart, ("charts/s.tgz", b"not an archive")], other);
    let not_a_file = "error unpacking subchart tar in c: expected s.tgz, got s.tgz/x";
    check_error(&[chart, ("charts/s.tgz/x", b"x")], not_a_file);
}

#[test]
fn err_charts_without_end() {
    let path = |depth: usize| "charts/s/".repeat(depth) + "Chart.yaml";
    let files = (0..=200).map(|depth| (path(depth), SUBCHART.to_vec())).collect();
    let error = load_files(files).unwrap_err().to_string();
    assert!(error.ends_with("subcharts nest deeper than 100 levels"), "{error}");
}

#[test]
fn folders_are_read_in_order_of_names() {
    let folder = folder(&[
        ("Chart.yaml", CHART),
        ("templates/b.yaml", b"x"),
        ("templates/a/z.yaml", b"x"),
        ("templates/a-b.yaml", b"x"),
        ("templates/.hidden", b"x"),
        (".helmignore", b"*.md\nci/\n"),
        ("README.md", b"x"),
        ("ci/x.yaml", b"x"),
    ]);
    let chart = load(folder.path()).unwrap();
    assert_eq!(paths(&chart.templates), ["templates/a/z.yaml", "templates/a-b.yaml", "templates/b.yaml"]);
    assert_eq!(paths(&chart.files), [".helmignore"]);
}

#[test]
fn err_folders() {
    let check = |files: &[(&str, &[u8])], want: &str| {
        let folder = folder(files);
        let error = load(folder.path()).unwrap_err().to_string();
        assert_eq!(error.replace(folder.path().to_str().unwrap(), "$DIR"), want);
    };
    let missing =
        "unable to detect chart at $DIR/Chart.yaml: open $DIR/Chart.yaml: no such file or directory";
    check(&[("x", b"")], missing);
    check(&[("Chart.yaml", b"apiVersion: v9\n")], "unsupported chart version");
    check(&[("Chart.yaml", b"apiVersion: v3\n")], "validation: chart.metadata.name is required");
    check(&[("Chart.yaml", b"apiVersion: v3\nname: c\nversion: 1.0.0\n")], "invalid chart apiVersion");
    check(&[("Chart.yaml", CHART), (".helmignore", b"*.yaml\n")], "Chart.yaml file is missing");
    check(&[("Chart.yaml", CHART), (".helmignore", b"**\n")], "double-star (**) syntax is not supported");
    let large = vec![b'x'; MAX_FILE as usize + 1];
    let too_large = "chart file \"big\" is larger than the maximum file size 5242880";
    check(&[("Chart.yaml", CHART), ("d/big", &large)], too_large);
    let gone = load(Path::new("/nonexistent/chart")).unwrap_err();
    assert_eq!(gone.to_string(), "stat /nonexistent/chart: no such file or directory");
}

#[cfg(unix)]
#[test]
fn links_are_followed_within_a_chart_only() {
    use std::os::unix::fs::symlink;

    let outside = folder(&[("secret", b"x")]);
    let inside = || folder(&[("Chart.yaml", CHART), ("d/a.yaml", b"content"), ("templates/x", b"")]);
    let chart = inside();
    symlink("../d/a.yaml", chart.path().join("templates/link.yaml")).unwrap();
    symlink("../d", chart.path().join("templates/folder")).unwrap();
    let loaded = load(chart.path()).unwrap();
    assert_eq!(paths(&loaded.templates), ["templates/folder/a.yaml", "templates/link.yaml", "templates/x"]);

    let error = |target: &Path| {
        let chart = inside();
        symlink(target, chart.path().join("templates/link")).unwrap();
        load(chart.path()).unwrap_err().to_string()
    };
    assert!(error(&outside.path().join("secret")).contains("leads out of the chart"));
    assert!(error(outside.path()).contains("leads out of the chart"));
    assert!(error(Path::new("..")).contains("leads to a folder around it"));
    let broken = error(Path::new("../absent/x"));
    assert!(broken.starts_with("error evaluating symlink "), "{broken}");
    assert!(
        broken.ends_with("/absent: no such file or directory") && broken.contains("/templates/link: lstat ")
    );

    let ignoring = inside();
    fs::write(ignoring.path().join(".helmignore"), "link\n").unwrap();
    symlink(outside.path(), ignoring.path().join("link")).unwrap();
    assert!(load(ignoring.path()).is_ok(), "an ignored link is no part of the chart");
}

#[test]
fn archives_lose_their_first_folder_and_hold_other_archives() {
    let inner = archive(&[("any/Chart.yaml", SUBCHART), ("any/templates/t.yaml", b"x")]);
    let outer = archive(&[
        ("c/Chart.yaml", CHART),
        ("c/./templates//a.yaml", b"x"),
        (r"c\templates\b.yaml", b"x"),
        ("c/charts/s-1.0.0.tgz", &inner),
    ]);
    let chart = load_archive(&outer, "c-1.0.0.tgz").unwrap();
    assert_eq!(paths(&chart.templates), ["templates/a.yaml", "templates/b.yaml"]);
    assert_eq!(paths(&chart.dependencies[0].templates), ["templates/t.yaml"]);
}

#[test]
fn a_slash_ends_the_names_of_folders_in_old_archives_only() {
    let files = |kind: u8| {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append(&header("c/Chart.yaml", CHART.len() as u64, tar::EntryType::Regular), CHART).unwrap();
        let mut folder = header("c/d/", 1, tar::EntryType::Regular);
        folder.as_gnu_mut().unwrap().typeflag = [kind];
        folder.set_cksum();
        tar.append(&folder, &b"x"[..]).unwrap();
        load_archive(&gzip(&tar.into_inner().unwrap()), "c.tgz").unwrap().files
    };
    assert_eq!(paths(&files(b'0')), ["d"]);
    assert_eq!(paths(&files(0)), [""; 0]);
}

#[test]
fn links_in_archives_are_empty_files() {
    let mut tar = tar::Builder::new(Vec::new());
    tar.append(&header("c/Chart.yaml", CHART.len() as u64, tar::EntryType::Regular), CHART).unwrap();
    let mut link = header("c/templates/passwd", 0, tar::EntryType::Symlink);
    link.set_link_name("/etc/passwd").unwrap();
    link.set_cksum();
    tar.append(&link, std::io::empty()).unwrap();
    let chart = load_archive(&gzip(&tar.into_inner().unwrap()), "c.tgz").unwrap();
    assert_eq!(&*chart.templates[0].data, b"");
}

#[test]
fn err_names_that_leave_the_chart() {
    let check =
        |name: &str, want: &str| check_archive(&archive(&[("c/Chart.yaml", CHART), (name, b"x")]), want);
    check("c/../../etc/passwd", "chart illegally references parent directory");
    check("c//etc/passwd", "chart illegally contains absolute paths");
    check("x", "chart illegally contains content outside the base directory: \"x\"");
    check("c/c:/x", "chart contains illegally named files");
    check("Chart.yaml/x", "chart yaml not in base directory");
}

#[test]
fn err_archives_that_are_none() {
    let message = |content: &[u8], name: &str| {
        let error = load_archive(content, name).unwrap_err().to_string();
        let (start, end) = (error.find('\'').unwrap() + 1, error[6..].find('\'').unwrap() + 6);
        error.replace(&error[start..end], name)
    };
    assert_eq!(
        message(b"a: 1", "values.yaml"),
        "file 'values.yaml' seems to be a YAML file, but expected a gzipped archive"
    );
    assert_eq!(
        message(b"text", "c.tgz"),
        "file 'c.tgz' does not appear to be a gzipped archive; got 'application/octet-stream'"
    );
    assert_eq!(
        message(&[b'x'; 600], "c.tgz"),
        "file 'c.tgz' does not appear to be a gzipped archive; got 'text/plain; charset=utf-8'"
    );
    let whole = archive(&[("c/Chart.yaml", CHART)]);
    check_archive(&whole[..whole.len() / 2], "unexpected EOF");
    check_archive(&gzip(b""), "no files in chart archive");
    let other = load_archive(&archive(&[("c/x", b"x")]), "c.tgz").unwrap_err();
    assert_eq!(other.to_string(), "unable to detect chart version, no Chart.yaml found");
}

/// Checks an archive under limits of a few bytes, after some bytes from others.
#[track_caller]
fn check_limits(content: &[u8], mut unpacked: u64, want: Option<&str>) {
    let limits = archive::Limits { file: 100, archive: 250, stream: 10_000, total: 500 };
    let result = archive::unpack((content, content.len() as u64), &mut unpacked, limits);
    assert_eq!(result.err().map(|error| error.to_string()).as_deref(), want);
}

#[test]
fn err_archives_that_unpack_to_too_much() {
    let (fits, too_large) = ([0; 100], [0; 101]);
    let file = "decompressed chart file \"c/b\" is larger than the maximum file size 100";
    check_limits(&archive(&[("c/a", &fits), ("c/b", &fits)]), 0, None);
    check_limits(&archive(&[("c/a", &fits), ("c/b", &too_large)]), 0, Some(file));
    let whole = "decompressed chart is larger than the maximum size 250";
    check_limits(&archive(&[("c/a", &fits), ("c/b", &fits), ("c/d", &fits)]), 0, Some(whole));
    let all = "decompressed chart is larger than the maximum size 500";
    check_limits(&archive(&[("c/a", &fits), ("c/b", &fits)]), 350, Some(all));
}

#[test]
fn err_files_that_promise_too_much() {
    let promise = |size: u64| {
        let mut tar = header("c/big", size, tar::EntryType::Regular).as_bytes().to_vec();
        tar.resize(4096, 0);
        gzip(&tar)
    };
    // Nothing is read of a file of 10 GB.
    check_archive(&promise(10 << 30), "decompressed chart is larger than the maximum size 104857600");
    let message = "decompressed chart file \"c/big\" is larger than the maximum file size 5242880";
    check_archive(&promise(MAX_FILE + 1), message);
    check_archive(&promise(MAX_FILE), "unexpected EOF");
}

#[test]
fn err_names_without_end() {
    // A long name is content to the reader of the archive, before any file is known.
    let mut tar = tar::Builder::new(Vec::new());
    let name = vec![b'x'; 20_000];
    tar.append(&header("././@LongLink", 20_000, tar::EntryType::GNULongName), &name[..]).unwrap();
    let content = gzip(&tar.into_inner().unwrap());
    check_limits(&content, 0, Some("archive is larger than 10000 bytes when decompressed"));
}
