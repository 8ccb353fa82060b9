"""What every page of the window builds on: the loop, the bridge to the cluster, services and preferences."""
