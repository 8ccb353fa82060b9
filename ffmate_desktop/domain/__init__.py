"""Pure data and rules: no Qt, no SQL, no input or output."""
