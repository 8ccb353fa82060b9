"""`python -m tests.benchmarks.contestants MODULE ROLE URI [ARGUMENT]`: one process of a contestant."""

import importlib
import sys

importlib.import_module(f"tests.benchmarks.contestants.{sys.argv[1]}").main()
