//! The table of requirements in `README.md` says what the tests' names and the reports of benchmarks say, and what is still missing.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

const BEGIN: &str = "<!-- requirements -->\n";
const END: &str = "<!-- /requirements -->\n";

#[test]
fn table_of_requirements_lists_the_tests_that_show_them() {
    let readme = root().join("tests/README.md");
    let text = fs::read_to_string(&readme).expect("the README can be read");
    let (before, rest) = text.split_once(BEGIN).expect("the README has a table");
    let (found, after) = rest.split_once(END).expect("the table ends");
    let requirements = requirements();
    let expected = table(&requirements, &gaps(), &shown(&requirements));
    if env::var_os("RIALTO_BLESS").is_some_and(|value| value == "1") {
        let blessed = [before, BEGIN, &expected, END, after].concat();
        fs::write(&readme, blessed).expect("the README can be written");
        return;
    }
    assert!(
        found == expected,
        "tests/README.md is out of date; this writes it anew:\n\
         RIALTO_BLESS=1 cargo nextest run -p rialto-tests table_of_requirements"
    );
}

#[test]
fn every_test_that_is_named_after_a_requirement_names_one_that_exists() {
    let requirements = requirements();
    let tests = tests();
    let unknown: Vec<_> = tests
        .keys()
        .filter(|name| shown_by(name, &requirements).is_empty())
        .collect();
    assert!(
        unknown.is_empty(),
        "tests/requirements.txt has no requirement for {unknown:?}"
    );
}

#[test]
fn every_benchmark_that_names_requirements_names_those_that_exist() {
    let requirements = requirements();
    let named = benchmarks();
    assert!(!named.is_empty(), "a format that nobody reads");
    let exists = |id: &String| requirements.iter().any(|(known, _)| known == id);
    let unknown: Vec<_> = named.keys().filter(|id| !exists(id)).collect();
    assert!(
        unknown.is_empty(),
        "tests/requirements.txt has no requirement {unknown:?}"
    );
}

#[test]
fn every_requirement_is_shown_or_says_what_is_missing() {
    let (requirements, gaps) = (requirements(), gaps());
    let shown = shown(&requirements);
    let silent: Vec<_> = requirements
        .iter()
        .map(|(id, _)| id)
        .filter(|id| !shown.contains_key(*id) && !gaps.contains_key(*id))
        .collect();
    assert!(
        silent.is_empty(),
        "tests/gaps.txt says nothing of {silent:?}"
    );
    let known = |id: &String| requirements.iter().any(|(known, _)| known == id);
    let unknown: Vec<_> = gaps.keys().filter(|id| !known(id)).collect();
    assert!(
        unknown.is_empty(),
        "tests/gaps.txt names no requirement with {unknown:?}"
    );
}

/// The reference has the requirements beside it, with what must be shown of each.
#[test]
fn list_of_requirements_is_that_of_the_reference() {
    let folder = env::var_os("RIALTO_REFERENCE")
        .and_then(|reference| Some(Path::new(&reference).parent()?.join("requirements")));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        println!("skipped: RIALTO_REFERENCE names no folder that has `requirements` beside it");
        return;
    };
    let given: Vec<_> = ["cpim.toml", "rfc2779.toml"]
        .into_iter()
        .flat_map(|name| given(&folder.join(name)))
        .collect();
    let ours = requirements();
    let differing: Vec<_> = given.iter().zip(&ours).filter(|(a, b)| a != b).collect();
    assert!(differing.is_empty(), "given, and ours: {differing:#?}");
    assert_eq!(ours.len(), given.len(), "none is left out");
}

/// The ids and texts of a file of the reference, in its order.
fn given(file: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).expect("the reference can be read");
    let file: toml::Table = text.parse().expect("the reference is TOML");
    let rows = file["requirement"].as_array().expect("a list");
    let text = |row: &toml::Value, key: &str| row[key].as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(row, "id"), text(row, "text")))
        .collect()
}

/// A row for each requirement that is shown, then one for each that is not.
fn table(
    requirements: &[(String, String)],
    gaps: &BTreeMap<String, String>,
    shown_by: &BTreeMap<String, Vec<String>>,
) -> String {
    let (mut shown, mut waiting) = (String::new(), String::new());
    let (mut whole, mut in_part) = (0, 0);
    for (id, text) in requirements {
        let gap = gaps.get(id).map_or("", String::as_str);
        let Some(by) = shown_by.get(id) else {
            waiting += &format!("| **{id}** {text} | {gap} |\n");
            continue;
        };
        *(if gap.is_empty() {
            &mut whole
        } else {
            &mut in_part
        }) += 1;
        shown += &format!("| **{id}** {text} | {} | {gap} |\n", by.join("<br>"));
    }
    format!(
        "Of {} requirements {whole} are shown whole, {in_part} in part.\n\n\
         | requirement | shown by | still missing |\n|---|---|---|\n{shown}\n\
         Nothing shows these yet:\n\n\
         | requirement | missing |\n|---|---|\n{waiting}",
        requirements.len()
    )
}

/// What shows each requirement, by its id: tests, then benchmarks.
fn shown(requirements: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let mut shown: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, file) in tests() {
        for id in shown_by(&name, requirements) {
            let by = shown.entry(id.clone()).or_default();
            by.push(format!("`{name}` ({file})"));
        }
    }
    for (id, headings) in benchmarks() {
        let by = headings
            .iter()
            .map(|heading| format!("*{heading}* (tests/bench/README.md)"));
        shown.entry(id).or_default().extend(by);
    }
    shown
}

/// The sections of the benchmarks' report that show requirements, by their ids: a line `Shows: ` names them.
fn benchmarks() -> BTreeMap<String, Vec<String>> {
    let report =
        fs::read_to_string(root().join("tests/bench/README.md")).expect("there is a report");
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut heading = "";
    for line in report.lines() {
        heading = line.strip_prefix("## ").unwrap_or(heading);
        let ids = line.strip_prefix("Shows: ").unwrap_or_default();
        for id in ids
            .trim_end_matches('.')
            .split(", ")
            .filter(|id| !id.is_empty())
        {
            let headings = found.entry(id.to_owned()).or_default();
            headings.push(heading.to_owned());
        }
    }
    found
}

/// The requirements whose ids the test's name begins with: one, or several with `_and_` between; of ids that begin alike, the longest.
fn shown_by<'a>(name: &str, requirements: &'a [(String, String)]) -> Vec<&'a String> {
    let mut shown = Vec::new();
    let Some((document, mut rest)) = name.split_once('_') else {
        return shown;
    };
    loop {
        let behind = |id: &str| {
            let id = id.to_lowercase().replace(['-', '.'], "_");
            let id = id.strip_prefix(document)?.strip_prefix('_')?;
            rest.strip_prefix(id)
                .filter(|behind| behind.starts_with('_'))
        };
        let ids = requirements.iter().map(|(id, _)| id);
        let found = ids.filter_map(|id| Some((id, behind(id)?)));
        let Some((id, behind)) = found.max_by_key(|(id, _)| id.len()) else {
            return shown;
        };
        shown.push(id);
        match behind.strip_prefix("_and_") {
            Some(more) => rest = more,
            None => return shown,
        }
    }
}

#[test]
fn test_is_named_after_one_requirement_or_several() {
    let requirement = |id: &str| (id.to_owned(), String::new());
    let requirements = [
        "cpim-2.4.1",
        "cpim-2.4.1-1",
        "rfc2779-2.3.1",
        "rfc2779-2.3.3",
    ];
    let requirements = requirements.map(requirement);
    for (name, expected) in [
        ("cpim_2_4_1_1_x", &["cpim-2.4.1-1"][..]),
        ("cpim_2_4_1_x_and_2_4_1_1_y", &["cpim-2.4.1"]),
        (
            "rfc2779_2_3_1_and_2_3_3_x",
            &["rfc2779-2.3.1", "rfc2779-2.3.3"],
        ),
        ("rfc2779_2_3_1_and_more", &["rfc2779-2.3.1"]),
        ("rfc2779_2_3_10_x", &[]),
        ("rfc2779_9_x", &[]),
    ] {
        assert_eq!(shown_by(name, &requirements), expected, "{name}");
    }
}

/// The ids and texts of `requirements.txt`, in its order.
fn requirements() -> Vec<(String, String)> {
    entries("requirements.txt")
}

/// What is missing before a requirement is shown whole, by id.
fn gaps() -> BTreeMap<String, String> {
    entries("gaps.txt").into_iter().collect()
}

/// The lines `id: text` of a file beside this crate.
fn entries(file: &str) -> Vec<(String, String)> {
    let list = fs::read_to_string(root().join("tests").join(file)).expect("there is a list");
    let lines = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (id, text) = line.split_once(": ").expect("an id, a colon, a text");
        (id.to_owned(), text.to_owned())
    };
    lines.map(entry).collect()
}

/// The tests of the tree that are named after a requirement, and the files they are in.
fn tests() -> BTreeMap<String, String> {
    let mut tests = BTreeMap::new();
    for file in sources(&root()) {
        let source = fs::read_to_string(&file).expect("a source can be read");
        let name = file
            .strip_prefix(root())
            .expect("it is in the tree")
            .display()
            .to_string();
        let mut is_test = false;
        for line in source.lines().map(str::trim_start) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let Some(function) = line.trim_start_matches("async ").strip_prefix("fn ") else {
                continue;
            };
            let function = function.split('(').next().unwrap_or_default();
            if is_test
                && ["cpim_", "rfc2779_"]
                    .iter()
                    .any(|prefix| function.starts_with(prefix))
            {
                tests.insert(function.to_owned(), name.clone());
            }
            is_test = false;
        }
    }
    tests
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)
        .expect("a folder can be read")
        .flatten()
    {
        let (path, name) = (entry.path(), entry.file_name());
        let is_ours = !matches!(name.to_str(), Some("target" | ".git"));
        if path.is_dir() && is_ours {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests is in the workspace")
        .to_owned()
}
