"""The tests of aiwebengine, run by trial."""
