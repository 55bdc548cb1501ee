"""The web platform's classes for scripts: URL, Headers, Request, Response, streams, events, timers."""
