//! The page of `fab diff` in Chromium, where a machine has it.

use std::path::PathBuf;
use std::process::Command;

use fabrikate::diff::{Diff, Noise, Pair, Rules, compare_all, file, html};

/// Finds a Chromium on the machine.
#[expect(clippy::disallowed_methods, reason = "a test may look for programs")]
fn browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let all = std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
    all.into_iter().find(|file| file.is_file())
}

fn config_map(name: &str, value: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: {value}}}\n")
}

/// What a user does on the page, as a script that the page runs, and which groups are shown then.
#[track_caller]
fn check(browser: &PathBuf, action: &str, want: &str) {
    let side = |prod: &str| vec![file("all.yaml", prod)];
    let pair = |name: &str, base: String, head: String| Pair {
        name: name.to_owned(),
        base: side(&base),
        head: side(&head),
        ..Pair::default()
    };
    let pairs = [
        pair(
            "prod",
            config_map("one", "x") + &config_map("two", "x"),
            config_map("one", "apple") + &config_map("two", "pear"),
        ),
        pair("staging", config_map("one", "x"), config_map("one", "plum")),
    ];
    let diff = Diff { environments: compare_all(&pairs, &Rules::new(Noise::default())), ..Diff::default() };
    let told = "document.body.dataset.told = [...document.querySelectorAll('.group')].map((group) => \
                (group.hidden ? '' : group.dataset.environments + (group.open ? '*' : ''))).join(',');";
    let page = format!("{}<script>{action}\n{told}</script>", html(&diff));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.html"), page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", folder.path().join("page.html").display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let told =
        dom.split_once("data-told=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(told, _)| told);
    assert_eq!(told, Some(want), "{action}\n{dom}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_page_searches_folds_and_filters_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("skipped: there is no chromium on PATH");
        return;
    };
    check(&browser, "", "prod,prod,staging");
    check(&browser, "search.value = 'PEAR two'; search.dispatchEvent(new Event('input'));", ",prod,");
    check(&browser, "boxes[0].click();", ",,staging");
    check(&browser, "boxes[1].click(); document.getElementById('open').click();", "prod*,prod*,");
}
