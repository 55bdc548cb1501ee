"""The processes in which scripts run, and the front's side of them."""
