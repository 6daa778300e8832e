//! Small debs, wheels and repositories for tests, and the one place where tests start other tools.
