"""Desktop integration: single instance, tray, notifications, dock progress, no sleep while encoding, closing."""
