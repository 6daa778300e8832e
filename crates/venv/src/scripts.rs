//! The scripts of a virtual environment.

use wheels::EntryPoint;

/// Longest first line, with `#!` and its end, that every kernel takes whole.
const LONGEST_SHEBANG: usize = 127;

/// The first line of a script for `interpreter` with `arguments` (` -E`, or nothing).
///
/// A path that is too long or has a blank cannot stand there: then `/bin/sh` starts the script, and
/// what it reads is a text of three quotes to Python (the way of distlib, `_build_shebang`).
pub(crate) fn shebang(interpreter: &str, arguments: &str) -> String {
    if interpreter.len() + arguments.len() + 3 <= LONGEST_SHEBANG && !interpreter.contains(' ') {
        return format!("#!{interpreter}{arguments}\n");
    }
    let quoted =
        if interpreter.contains(' ') { format!("\"{interpreter}\"") } else { interpreter.into() };
    format!("#!/bin/sh\n'''exec' {quoted}{arguments} \"$0\" \"$@\"\n' '''\n")
}

/// The script that a wheel ships in `.data/scripts`, for this interpreter; `None` where it does not
/// begin with `#!python` and stays as it is.
pub(crate) fn rewritten(script: &[u8], interpreter: &str) -> Option<Vec<u8>> {
    let rest = script.strip_prefix(b"#!python")?;
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let line = String::from_utf8_lossy(&rest[..end]);
    // `#!pythonw` and `#!python3` mean the same interpreter; arguments stay.
    let arguments = line.find([' ', '\t']).map_or("", |at| line[at..].trim());
    let arguments = if arguments.is_empty() { String::new() } else { format!(" {arguments}") };
    let mut text = shebang(interpreter, &arguments).into_bytes();
    text.extend_from_slice(rest.get(end + 1..).unwrap_or_default());
    Some(text)
}

/// The launcher of a `console_scripts` or `gui_scripts` entry point: calls it and leaves with what
/// it returns.
pub(crate) fn command(point: &EntryPoint, interpreter: &str) -> String {
    let EntryPoint { module, function, .. } = point;
    let import = first_name(function);
    let shebang = shebang(interpreter, "");
    format!(
        "{shebang}\
import sys

from {module} import {import}

if __name__ == \"__main__\":
    # The name that is shown in usage messages, wherever the launcher comes from.
    sys.argv[0] = sys.argv[0].removesuffix(\".exe\").removesuffix(\"-script.pyw\")
    sys.exit({function}())
"
    )
}

/// The launcher of a `wsgi_scripts` entry point, as pbr knows them: a WSGI server that loads it finds
/// `application`; started as a command it serves the application by itself, for development.
pub(crate) fn application(point: &EntryPoint, interpreter: &str) -> String {
    let EntryPoint { name, module, function } = point;
    let import = first_name(function);
    let shebang = shebang(interpreter, "");
    format!(
        "{shebang}\
import threading

from {module} import {import}

if __name__ == \"__main__\":
    import argparse
    import sys
    from wsgiref.simple_server import make_server

    parser = argparse.ArgumentParser(
        description=\"Serves {name} for development. In production a WSGI server loads it.\",
        usage=\"%(prog)s [-h] [--port PORT] [--host IP] -- [passed options]\",
    )
    parser.add_argument(\"--port\", \"-p\", type=int, default=8000, help=\"TCP port\")
    parser.add_argument(\"--host\", \"-b\", default=\"\", help=\"address to listen on\")
    parser.add_argument(
        \"args\",
        nargs=argparse.REMAINDER,
        metavar=\"-- [passed options]\",
        help=\"'--' and the options of the application itself\",
    )
    args = parser.parse_args()
    if args.args and args.args[0] != \"--\":
        parser.error(\"unrecognized arguments: \" + \" \".join(args.args))
    sys.argv[1:] = args.args[1:]
    server = make_server(args.host, args.port, {function}())
    host = args.host or \"localhost\"
    print(f\"{name} is served at http://{{host}}:{{server.server_port}}/ for development alone\")
    sys.stdout.flush()
    server.serve_forever()
else:
    application = None
    application_lock = threading.Lock()
    with application_lock:
        if application is None:
            application = {function}()
"
    )
}

/// `main` of `main.run`: what must be imported.
fn first_name(function: &str) -> &str {
    function.split('.').next().unwrap_or(function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(function: &str) -> EntryPoint {
        EntryPoint { name: "x".into(), module: "a.b".into(), function: function.into() }
    }

    #[test]
    fn scripts_that_ask_for_python_get_the_interpreter() {
        for (script, want) in [
            ("#!python\nx\n", Some("#!/v/python\nx\n")),
            ("#!pythonw\r\nx\n", Some("#!/v/python\nx\n")),
            ("#!python3 -E\nx\n", Some("#!/v/python -E\nx\n")),
            ("#!python", Some("#!/v/python\n")),
            ("#!/bin/sh\nx\n", None),
            ("#! python\n", None),
            ("\x7fELF", None),
            ("", None),
        ] {
            let found = rewritten(script.as_bytes(), "/v/python");
            let found = found.map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(found.as_deref(), want, "{script:?}");
        }
    }

    #[test]
    fn long_paths_and_blanks_go_through_the_shell() {
        let longest = format!("/{}", "x".repeat(123));
        assert_eq!(shebang(&longest, ""), format!("#!{longest}\n"));
        let longer = format!("{longest}x");
        assert_eq!(
            shebang(&longer, ""),
            format!("#!/bin/sh\n'''exec' {longer} \"$0\" \"$@\"\n' '''\n")
        );
        assert_eq!(
            shebang("/a b/python", " -E"),
            "#!/bin/sh\n'''exec' \"/a b/python\" -E \"$0\" \"$@\"\n' '''\n"
        );
    }

    #[test]
    fn a_launcher_imports_the_first_name_and_calls_the_last() {
        let text = command(&point("Main.run"), "/v/python");
        assert!(text.starts_with("#!/v/python\n"));
        assert!(text.contains("\nfrom a.b import Main\n"));
        assert!(text.ends_with("\n    sys.exit(Main.run())\n"));
        let text = application(&point("init"), "/v/python");
        assert!(text.ends_with("            application = init()\n"));
    }
}
