"""Scripts outside the sandbox: model, registry, routes, and what a source says without being run."""
