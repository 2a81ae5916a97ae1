//! What is unpacked, and what is refused.

use super::*;

/// An entry of a tar archive: name, kind, content or target.
type Entry<'a> = (&'a str, tar::EntryType, &'a str);

const FILE: tar::EntryType = tar::EntryType::Regular;
const FOLDER: tar::EntryType = tar::EntryType::Directory;
const LINK: tar::EntryType = tar::EntryType::Symlink;

fn tar_gz(entries: &[Entry<'_>]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    let mut builder =
        tar::Builder::new(GzEncoder::new(file.reopen().expect("it is there"), Compression::fast()));
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        // Names are written as they are: the library would refuse the bad ones.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(if name.ends_with(".sh") { 0o755 } else { 0o600 });
        let data = if *kind == FILE { content.as_bytes() } else { b"" };
        if *kind == LINK {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).expect("there is room");
    }
    builder.into_inner().and_then(GzEncoder::finish).expect("there is room");
    file
}

fn unpacked(archive: &Path, limits: Limits) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().expect("there is room");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).expect("there is room");
    let format = Format::of(archive).expect("it can be read").expect("it is an archive");
    let result = unpack(archive, format, &inner, limits).map_err(|error| error.to_string());
    let beside = fs::read_dir(folder.path()).expect("it is there").count();
    assert_eq!(beside, 1, "nothing is written outside");
    result?;
    let entries = walkdir::WalkDir::new(&inner).min_depth(1).sort_by_file_name().into_iter();
    Ok(entries.map(|entry| describe(&inner, &entry.expect("it is there"))).collect())
}

fn describe(root: &Path, entry: &walkdir::DirEntry) -> String {
    let name = entry.path().strip_prefix(root).expect("it is below").display().to_string();
    if entry.path_is_symlink() {
        return format!("{name} -> {}", fs::read_link(entry.path()).expect("it is a link").display());
    }
    if entry.file_type().is_dir() { format!("{name}/") } else { name }
}

#[track_caller]
fn check(entries: &[Entry<'_>], want: Result<&[&str], &str>) {
    let got = unpacked(tar_gz(entries).path(), Limits::default());
    let got = got.as_ref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(got.as_deref().map_err(|error| error.as_str()), want);
}

#[test]
fn files_folders_and_links_inside_are_taken() {
    check(
        &[("a/b.yaml", FILE, "x"), ("./c/", FOLDER, ""), ("c/d", LINK, "../a/b.yaml"), ("e", LINK, "a")],
        Ok(&["a/", "a/b.yaml", "c/", "c/d -> ../a/b.yaml", "e -> a"]),
    );
}

#[test]
fn nothing_leads_out() {
    check(&[("../x", FILE, "")], Err("`../x` leads out of the folder"));
    check(&[("a/../../x", FILE, "")], Err("`a/../../x` leads out of the folder"));
    check(&[("/etc/x", FILE, "")], Err("`/etc/x` is absolute"));
    check(&[("a\\..\\x", FILE, "")], Err("`a\\..\\x` means something else on other systems"));
    check(&[("c:x", FILE, "")], Err("`c:x` means something else on other systems"));
    check(&[("a", LINK, "/etc")], Err("`a` is a link that leads out of the folder"));
    check(&[("a/b", LINK, "../../x")], Err("`a/b` is a link that leads out of the folder"));
}

#[test]
fn nothing_is_written_through_a_link() {
    check(&[("a", LINK, "."), ("a/x", FILE, "")], Err("`a/x` lies below a file"));
    check(&[("a", LINK, "b"), ("b", LINK, ".")], Err("`a` is a link to a link"));
    check(&[("d/a", LINK, ".."), ("l", LINK, "d/a/../x")], Err("`l` is a link to a link"));
}

#[test]
fn nothing_but_files_folders_and_links_is_taken() {
    for kind in [tar::EntryType::Block, tar::EntryType::Char, tar::EntryType::Fifo, tar::EntryType::Link] {
        check(&[("x", kind, "")], Err("`x` is neither file, folder nor link"));
    }
}

#[test]
fn names_do_not_differ_in_case_only() {
    check(&[("a/x", FILE, ""), ("a/X", FILE, "")], Err("`a/X` differs from `a/x` in its case only"));
    check(&[("a/x", FILE, ""), ("A/y", FILE, "")], Err("`A/y` differs from `a` in its case only"));
    check(&[("x", FILE, "1"), ("x", FILE, "2")], Err("`x` is there twice"));
}

#[test]
fn size_and_number_are_bounded() {
    let limits = Limits { entries: 2, bytes: 4 };
    let got = |entries: &[Entry<'_>]| unpacked(tar_gz(entries).path(), limits);
    assert_eq!(got(&[("a", FILE, "1234")]), Ok(vec!["a".to_owned()]));
    assert_eq!(
        got(&[("a", FILE, "12345")]),
        Err("the content of the archive is larger than 4 bytes".to_owned())
    );
    assert_eq!(
        got(&[("a", FILE, "123"), ("b", FILE, "45")]),
        Err("the content of the archive is larger than 4 bytes".to_owned())
    );
    assert_eq!(
        got(&[("a/b/c", FILE, "")]),
        Err("the number of files in the archive is larger than 2 files".to_owned())
    );
}

#[cfg(unix)]
#[test]
fn of_the_modes_only_executable_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let archive = tar_gz(&[("a.sh", FILE, ""), ("b", FILE, "")]);
    let folder = tempfile::tempdir().expect("there is room");
    unpack(archive.path(), Format::TarGz, folder.path(), Limits::default()).expect("it is fine");
    let mode =
        |name| fs::metadata(folder.path().join(name)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode("a.sh"), mode("b") & 0o111), (0o755, 0));
}

#[test]
fn a_zip_is_unpacked_by_the_same_rules() {
    let zip = |names: &[&str]| {
        let file = tempfile::NamedTempFile::new().expect("there is room");
        let mut writer = zip::ZipWriter::new(file.reopen().expect("it is there"));
        for name in names {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("there is room");
            writer.write_all(b"x").expect("there is room");
        }
        writer.finish().expect("there is room");
        file
    };
    let got = |names: &[&str]| unpacked(zip(names).path(), Limits::default());
    assert_eq!(got(&["a/b", "c"]), Ok(["a/", "a/b", "c"].map(str::to_owned).to_vec()));
    assert_eq!(got(&["../x"]), Err("`../x` leads out of the folder".to_owned()));
}

#[test]
fn an_archive_that_is_cut_is_an_error() {
    let archive = tar_gz(&[("a", FILE, &"x".repeat(100_000))]);
    let text = fs::read(archive.path()).expect("it is there");
    fs::write(archive.path(), &text[..text.len() / 2]).expect("there is room");
    assert!(unpacked(archive.path(), Limits::default()).is_err());
}

#[test]
fn what_is_no_archive_is_recognized() {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    fs::write(file.path(), "kind: A\n").expect("there is room");
    assert_eq!(Format::of(file.path()).expect("it can be read"), None);
}

#[test]
fn a_chart_loses_its_first_folder() {
    let archive = tar_gz(&[("any/Chart.yaml", FILE, "name: c"), ("any/templates/a.yaml", FILE, "")]);
    let folder = tempfile::tempdir().expect("there is room");
    unpack_chart(archive.path(), folder.path()).expect("it is fine");
    assert_eq!(fs::read(folder.path().join("Chart.yaml")).expect("it is there"), b"name: c");
    assert!(folder.path().join("templates/a.yaml").is_file());
}
