//! A definition in a folder of its own, and `fab` run in it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A definition on disk.
pub(crate) struct Hld(TempDir);

/// What a run of `fab` ended in.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Hld {
    /// Writes files by path and text; a path that ends in `/` is an empty folder.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let hld = Hld(tempfile::tempdir().unwrap());
        for (path, text) in files {
            hld.write(path, text);
        }
        hld
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        if path.ends_with('/') {
            return fs::create_dir_all(file).unwrap();
        }
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|err| panic!("{path}: {err}"))
    }

    /// Lists the files below a folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let mut files: Vec<String> = walkdir::WalkDir::new(&root)
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        files
    }

    /// Runs `fab` in the folder.
    pub(crate) fn fab(&self, args: &[&str]) -> Run {
        self.fab_with(&[], args)
    }

    /// Runs `fab` in the folder with these environment variables.
    pub(crate) fn fab_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Run {
        let mut fab = Command::new(env!("CARGO_BIN_EXE_fab"));
        let output =
            fab.args(args).envs(variables.iter().copied()).current_dir(self.0.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs `fab`, which has to succeed.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        self.fab(args).exited(0, args)
    }

    /// Runs `fab`, which has to fail with this exit code and these texts on stderr.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str], code: i32, texts: &[&str]) {
        self.fab(args).exited(code, args).says(texts);
    }
}

impl Run {
    /// Returns the run, which has to have ended with this exit code.
    #[track_caller]
    pub(crate) fn exited(self, code: i32, args: &[&str]) -> Self {
        assert_eq!(self.code, code, "fab {}:\n{}", args.join(" "), self.stderr);
        self
    }

    /// Returns what a terminal would show of the run, and the exit code.
    pub(crate) fn session(&self, args: &[&str]) -> String {
        format!("$ fab {}\n{}{}exit {}\n", args.join(" "), self.stdout, self.stderr, self.code)
    }

    /// Returns the run, which has to have these texts on stderr.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "{text:?} is not in:\n{}", self.stderr);
        }
        self
    }
}

/// A chart that prints its values.
pub(crate) const CHART: [(&str, &str); 2] = [
    ("chart/Chart.yaml", "apiVersion: v2\nname: probe\nversion: 0.1.0\n"),
    (
        "chart/templates/values.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  values: {{ .Values | toJson | quote }}\n",
    ),
];
