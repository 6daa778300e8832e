//! What a Debian package says about itself.

use pkg_writer::deb::{Package, Relations};

use super::Environment;
use super::documents::Told;
use super::files::Files;
use super::scripts::{self, Subject};

/// The metadata of the package that has `files`.
pub(crate) fn control(
    told: &Told<'_>,
    environment: &Environment,
    files: &Files,
    current: &str,
) -> Package {
    let arch = told.plan.arch;
    let commands: Vec<&str> = told.recipe.commands.iter().map(String::as_str).collect();
    let subject = Subject {
        package: told.name,
        upstream: told.version.rsplit_once('-').map_or(told.version, |(upstream, _)| upstream),
        prefix: told.prefix,
        current,
        priority: priority(&told.source.version),
        commands: &commands,
    };
    let id = told.id;
    let replaced: Vec<String> =
        told.recipe.replaces.of(id).into_iter().map(str::to_owned).collect();
    let provides = replaced.iter().map(|name| format!("{name} (= {})", told.version)).collect();
    let interpreter = told.distro.python.path.rsplit('/').next().unwrap_or("python3");
    let mut asked = vec![interpreter.to_owned()];
    asked.extend(told.plan.system_asked.iter().cloned());
    let mut depends = environment.depends.relations(asked);
    depends.push("systemd | systemd-standalone-sysusers | systemd-sysusers".to_owned());
    if files.has_tmpfiles {
        depends.push("systemd | systemd-standalone-tmpfiles | systemd-tmpfiles".to_owned());
    }
    let relations = Relations {
        depends,
        recommends: told.recipe.recommends.of(id).into_iter().map(str::to_owned).collect(),
        conflicts: replaced.clone(),
        replaces: replaced,
        provides,
        ..Relations::default()
    };
    Package {
        name: told.name.to_owned(),
        version: told.version.to_owned(),
        architecture: if environment.has_code { arch.debian() } else { "all" }.to_owned(),
        maintainer: told.recipe.maintainer.clone(),
        description: description(told, current),
        section: Some(told.recipe.section.clone()),
        priority: Some("optional".to_owned()),
        homepage: told.recipe.homepage.clone(),
        relations,
        scripts: scripts::scripts(&subject, files),
        conffiles: files.conffiles.clone(),
        ..Package::default()
    }
}

/// The summary of the recipe, and where things are.
fn description(told: &Told<'_>, current: &str) -> String {
    let text = format!(
        "Version {} of the release {}, with the Python libraries that it needs, in a virtual environment \
         of its own: {}. The link {current} leads to the version in use; update-alternatives changes \
         it.",
        told.source.version, told.release, told.prefix
    );
    format!("{}\n{}", told.service.description, filled(&text))
}

/// A paragraph in lines of at most 78 letters.
fn filled(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one line at least");
        if !line.is_empty() && line.len() + 1 + word.len() > 78 {
            lines.push(word.to_owned());
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

/// How much update-alternatives prefers a version: newer ones more, by the first three numbers of it.
fn priority(version: &str) -> u64 {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u64>().unwrap_or_default());
    let mut next = |most: u64| numbers.next().unwrap_or_default().min(most);
    // It takes what fits into 31 bits.
    (next(2146) * 1000 + next(999)) * 1000 + next(999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_are_preferred() {
        assert!(priority("28.0.0") > priority("27.99.5"));
        assert!(priority("28.0.1") > priority("28.0"));
        assert_eq!(priority("2025.1.0.0rc1"), 2_025_001_000);
    }

    #[test]
    fn paragraphs_are_filled() {
        let text = filled(&"word ".repeat(40));
        assert!(text.lines().all(|line| line.len() <= 78) && text.lines().count() == 3);
    }
}
