"""What every page builds on: the event loop, the bridge to the cluster, services and preferences."""
