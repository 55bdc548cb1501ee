"""Make ``twistd aiwebengine`` known; imports nothing of ours (Klein installs the reactor)."""

from twisted.application.service import ServiceMaker

aiwebengine_service = ServiceMaker(
    "aiwebengine", "aiwebengine.tap", "Serve isolated JavaScript over HTTP.", "aiwebengine"
)
