//! Wheels to a Python virtual environment tree.
