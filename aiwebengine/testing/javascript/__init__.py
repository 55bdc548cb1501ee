"""
The runner of JavaScript tests: ``*.test.js`` files, in the same sandboxes as scripts, without a server.

A test file is a script with a few more names (``describe``, ``it``, ``expect``, ``loadScript``,
``clock``, ``fakeFetch``); each of its tests is a request of its own, so it starts with a fresh scope. What a
test asks of the script it loads goes through the engine's own front, in memory. See docs/testing-scripts.md.
"""
