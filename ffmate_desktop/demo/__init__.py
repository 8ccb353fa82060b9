"""The demo: several nodes on this computer share one batch, and every output is checked."""
