//! The table of errors against every refusal that was recorded.
