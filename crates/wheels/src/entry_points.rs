//! entry_points.txt of a wheel (entry points specification).

/// The commands that a project installs. Other groups are passed over.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EntryPoints {
    /// `[console_scripts]`, in the order of the file.
    pub console_scripts: Vec<EntryPoint>,
    /// `[gui_scripts]`, likewise.
    pub gui_scripts: Vec<EntryPoint>,
    /// `[wsgi_scripts]`, which pbr turns into scripts that serve an application.
    pub wsgi_scripts: Vec<EntryPoint>,
}

/// One command: `name = module:function`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryPoint {
    /// The name of the script: a plain file name.
    pub name: String,
    /// The module to import, such as `keystone.cmd.manage`.
    pub module: String,
    /// What to call in it; it may have dots.
    pub function: String,
}

/// Why entry_points.txt cannot be read. Lines count from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryPointsError {
    /// A line is no entry.
    #[error("line {line} of entry_points.txt is `{text}`: want `name = module:function`")]
    Entry {
        /// The line.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A script's name is no plain file name.
    #[error("line {line} of entry_points.txt names a script `{name}`: want a plain file name")]
    Name {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
}

impl EntryPoints {
    /// Reads entry_points.txt: an INI file in which `=` alone divides names from values.
    ///
    /// # Errors
    /// When a line in one of the three groups is no entry, or a script's name is no plain file
    /// name.
    ///
    /// ```
    /// let text = "[console_scripts]\nkeystone-manage = keystone.cmd.manage:main\n";
    /// let scripts = wheels::EntryPoints::parse(text)?.console_scripts;
    /// assert_eq!(scripts[0].module, "keystone.cmd.manage");
    /// # Ok::<(), wheels::EntryPointsError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, EntryPointsError> {
        let mut points = Self::default();
        let mut group = "";
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                group = name.trim();
                continue;
            }
            let scripts = match group {
                "console_scripts" => &mut points.console_scripts,
                "gui_scripts" => &mut points.gui_scripts,
                "wsgi_scripts" => &mut points.wsgi_scripts,
                _ => continue,
            };
            scripts.push(entry(index + 1, line)?);
        }
        Ok(points)
    }
}

fn entry(line: usize, text: &str) -> Result<EntryPoint, EntryPointsError> {
    let wrong = || EntryPointsError::Entry { line, text: text.chars().take(200).collect() };
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let (name, value) = (name.trim(), value.trim());
    // Extras behind the reference have no meaning for installers any more.
    let reference = value.split('[').next().unwrap_or_default();
    let (module, function) = reference.split_once(':').ok_or_else(wrong)?;
    let (module, function) = (module.trim(), function.trim());
    if !is_dotted(module) || !is_dotted(function) {
        return Err(wrong());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+@ ".contains(c);
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.chars().all(plain) {
        let name = name.chars().take(200).collect();
        return Err(EntryPointsError::Name { line, name });
    }
    Ok(EntryPoint {
        name: name.to_owned(),
        module: module.to_owned(),
        function: function.to_owned(),
    })
}

/// Whether a text is made of identifiers with dots between them.
fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.starts_with(|c: char| c.is_ascii_digit())
            && !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_groups_are_read_and_others_are_not() {
        let text = "[console_scripts]\n# a comment\na = b.c:d.e [extra]\n\n[oslo.config.opts]\n\
                    what ever\n[ gui_scripts ]\ng=h:i\n[wsgi_scripts]\nx-y = z:init\n";
        let points = EntryPoints::parse(text).unwrap();
        let names = |list: &[EntryPoint]| {
            list.iter()
                .map(|point| format!("{}={}:{}", point.name, point.module, point.function))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(names(&points.console_scripts), "a=b.c:d.e");
        assert_eq!(names(&points.gui_scripts), "g=h:i");
        assert_eq!(names(&points.wsgi_scripts), "x-y=z:init");
    }

    #[test]
    fn what_would_leave_the_folder_or_inject_code_is_refused() {
        for line in [
            "../a = b:c",
            "a/b = c:d",
            ".. = c:d",
            " = c:d",
            "a = b",
            "a = b:c;import os",
            "a = b:",
            "a = :c",
            "a = b.:c",
            "a",
        ] {
            let text = format!("[console_scripts]\n{line}\n");
            assert!(EntryPoints::parse(&text).is_err(), "{line}");
        }
    }
}
