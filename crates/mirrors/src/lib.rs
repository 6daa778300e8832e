//! Which address serves an archive on this machine, and why.
