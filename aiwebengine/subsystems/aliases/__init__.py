"""The paths of existing deployers, thin aliases of the management API."""
