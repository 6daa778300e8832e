//! The header form that METADATA and WHEEL are written in (core metadata: that of RFC 822).

/// One field of a header.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The name as it was written.
    pub(crate) name: &'a str,
    /// The value; lines that continue it are joined by `\n`, without their indentation.
    pub(crate) value: String,
}

impl Field<'_> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields up to the first empty line; what follows is the body. `Err` is the number of a line
/// that is no field.
pub(crate) fn fields(text: &str) -> Result<Vec<Field<'_>>, usize> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            let field = fields.last_mut().ok_or(number)?;
            let more = line.trim_start();
            // Core metadata 1.0 and 1.1 mark each line of a description with `|`.
            let more = more.strip_prefix('|').unwrap_or(more);
            field.value.push('\n');
            field.value.push_str(more.trim_end());
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(number)?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(number);
        }
        fields.push(Field { line: number, name, value: value.trim().to_owned() });
    }
    Ok(fields)
}
