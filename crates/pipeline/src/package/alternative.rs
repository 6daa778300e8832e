//! The versions of a service side by side, and the link that leads to the one in use: what maintainer
//! scripts and scriptlets tell update-alternatives(1), which dpkg's and Fedora's have in common.

/// One version among those that the link can lead to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alternative<'a> {
    /// The package, after which the link is called.
    pub(crate) package: &'a str,
    /// Where the virtual environment lies.
    pub(crate) prefix: &'a str,
    /// The link that leads to it.
    pub(crate) current: &'a str,
    /// How much this version is preferred to others.
    pub(crate) priority: u64,
    /// The programs that get a link in `/usr/bin`.
    pub(crate) commands: &'a [&'a str],
}

impl Alternative<'_> {
    /// The line that adds it by `program`, with a line more for each of the commands.
    pub(crate) fn install(&self, program: &str) -> String {
        let Self { package, prefix, current, priority, commands } = self;
        let (link, place) = (quoted(current), quoted(prefix));
        let mut text = format!("{program} --install {link} {package} {place} {priority}");
        for command in *commands {
            let place = quoted(&format!("{prefix}/bin/{command}"));
            text.push_str(&format!(" \\\n\t--slave /usr/bin/{command} {command} {place}"));
        }
        text
    }

    /// The line that takes it away by `program`.
    pub(crate) fn remove(&self, program: &str) -> String {
        format!("{program} --remove {} {}", self.package, quoted(self.prefix))
    }
}

/// How much update-alternatives prefers a version: newer ones more, by the first three numbers of it.
pub(crate) fn priority(version: &str) -> u64 {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u64>().unwrap_or_default());
    let mut next = |most: u64| numbers.next().unwrap_or_default().min(most);
    // It takes what fits into 31 bits.
    (next(2146) * 1000 + next(999)) * 1000 + next(999)
}

/// A word for the shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+~=@,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
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
}
