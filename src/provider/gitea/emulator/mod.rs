//! Gitea in miniature.
