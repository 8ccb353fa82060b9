"""Being a good citizen of the desktop: one instance, tray, notices, no sleep while encoding, leaving in order."""
